//! Clients that hang up and a server that is killed: what was promised to anybody is stored, whole and audited.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::api::Api;
use crate::eyes::Eyes;
use crate::place;
use crate::server::{Server, Site};

const CREATES: usize = 2000;
const AT_ONCE: usize = 32;
/// The server is killed when so many were answered.
const KILL_AFTER: usize = CREATES / 4;
const PATIENCE: Duration = Duration::from_secs(60);
const TENANTS: &str = "/clusters/hangup/tenants";

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// 200: it is stored.
    Stored(String),
    /// Nothing: the client hung up after its whole request, or the server was killed. It is stored, or not.
    Nothing,
    /// Nothing, because the client hung up before its request was whole. It is not stored.
    Unasked(String),
}

/// The clients: where the server is, and how many were answered.
struct Clients {
    /// `None` while there is none.
    server: watch::Sender<Option<Api>>,
    answered: AtomicUsize,
    prefix: String,
}

fn body(name: &str) -> Value {
    json!({"name": name, "owners": ["alice"]})
}

/// Sends a request, or half of it, and is gone before, while or after it is worked on.
async fn hang_up(api: &Api, nth: usize, name: String) -> Told {
    let half = nth.is_multiple_of(9);
    let told = if half {
        Told::Unasked(name.clone())
    } else {
        Told::Nothing
    };
    let Ok(mut stream) = TcpStream::connect(api.address()).await else {
        return told;
    };
    let (body, token) = (body(&name).to_string(), api.token());
    let sent = if half { body.len() / 2 } else { body.len() };
    let request = format!(
        "POST /api/v1{TENANTS} HTTP/1.1\r\nhost: kubenova\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        body.len(),
        &body[..sent]
    );
    let _sent = stream.write_all(request.as_bytes()).await;
    let wait = Duration::from_micros(200 * (nth as u64 % 50));
    tokio::time::sleep(wait).await;
    // Unread bytes or not: the kernel resets the connection.
    told
}

impl Clients {
    fn of(api: &Api) -> Self {
        Self {
            server: watch::Sender::new(Some(api.clone())),
            answered: AtomicUsize::new(0),
            prefix: format!("h-{}", place::unique()),
        }
    }

    /// The server, once there is one.
    async fn server(&self) -> Api {
        let mut server = self.server.subscribe();
        let there = server.wait_for(Option::is_some).await.unwrap().clone();
        there.unwrap()
    }

    /// Every third client hangs up.
    async fn create(&self, nth: usize) -> Told {
        let name = format!("{}-{nth}", self.prefix);
        let api = self.server().await;
        if nth.is_multiple_of(3) {
            return hang_up(&api, nth, name).await;
        }
        match api.send(Method::POST, TENANTS, Some(&body(&name)), 0).await {
            Some((200, _)) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                Told::Stored(name)
            }
            None => Told::Nothing, // killed meanwhile
            Some((status, answer)) => panic!("{name}: {status} {answer}"),
        }
    }

    async fn create_all(&self) -> Vec<Told> {
        futures::stream::iter((0..CREATES).map(|nth| self.create(nth)))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// Kills the server while it works on requests, and starts another one.
    async fn kill(&self, site: &Site, server: Server) -> Server {
        let begun = Instant::now();
        while self.answered.load(Ordering::Relaxed) < KILL_AFTER {
            assert!(
                begun.elapsed() < PATIENCE,
                "too slow to be killed in the middle"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Nobody begins any more; those who did are on their way.
        self.server.send_replace(None);
        server.kill().await;
        let next = site.start("api").await;
        self.server.send_replace(Some(next.api.clone()));
        next
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_2000_creates_with_clients_gone_and_the_server_killed_every_answer_is_stored_and_audited()
 {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::postgres().await;
    let working = site.start("all").await;
    working.register("hangup").await;
    working.stop().await;
    // Without workers: this is about the store.
    let server = site.start("api").await;
    let clients = Clients::of(&server.api);
    let begun = Instant::now();
    let (told, server) = tokio::join!(clients.create_all(), clients.kill(&site, server));
    let took = begun.elapsed();
    let all = server.api.all(TENANTS).await;
    let names = all
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned());
    let there: BTreeSet<String> = names.collect();
    let (mut promised, mut nothing) = (0, 0);
    for one in &told {
        match one {
            Told::Stored(name) => {
                promised += 1;
                assert!(there.contains(name), "{name} was promised and is gone");
            }
            Told::Nothing => nothing += 1,
            Told::Unasked(name) => assert!(!there.contains(name), "{name} was never asked for"),
        }
    }
    println!(
        "{CREATES} creates in {took:?}: {promised} promised, {nothing} told nothing, {} stored",
        there.len()
    );
    assert!(promised > CREATES / 2);
    assert!(there.len() > promised, "somebody who hung up was served");
    whole(&site, there.len()).await;
    server.kill().await;
}

/// Every tenant that is stored has its audit row and its work, and no connection is left within a transaction.
async fn whole(site: &Site, stored: usize) {
    let count = async |sql: &'static str| place::count(site.database(), sql).await;
    let rows = count("select count(*) from tenants").await;
    assert_eq!(usize::try_from(rows).unwrap(), stored);
    let audited = "select count(*) from tenants t where 1 = \
        (select count(*) from audit a where a.target_uid = t.id and a.action = 'tenant.create' and a.outcome = 'done')";
    assert_eq!(count(audited).await, rows, "with one audit row each");
    let done = "select count(*) from audit a where a.action = 'tenant.create' and a.outcome = 'done' \
        and not exists (select from tenants t where t.id = a.target_uid)";
    assert_eq!(count(done).await, 0, "audited, and not stored");
    let asked = "select count(*) from tenants t where exists (select from work w where w.kind = 'tenant' and w.id = t.id)";
    assert_eq!(count(asked).await, rows, "with their work");
    let left = "select count(*) from pg_stat_activity where datname = current_database() \
        and state like 'idle in transaction%' and now() - state_change > interval '1 second'";
    assert_eq!(count(left).await, 0, "left in a transaction");
}
