//! Clients that hang up in the middle: what was promised to anybody is stored, whole and audited.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::api::Api;
use crate::eyes::Eyes;
use crate::place;
use crate::server::Site;

const CREATES: usize = 500;
const PATIENCE: Duration = Duration::from_secs(120);
const TENANTS: &str = "/clusters/hangup/tenants";

fn body(name: &str) -> Value {
    json!({"name": name, "owners": ["alice"]})
}

/// Sends a whole request and is gone before, while or after it is worked on.
async fn hang_up(api: &Api, nth: usize, name: &str) {
    let Ok(mut stream) = TcpStream::connect(api.address()).await else {
        return;
    };
    let (body, token) = (body(name).to_string(), api.token());
    let request = format!(
        "POST /api/v1{TENANTS} HTTP/1.1\r\nhost: kubenova\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _sent = stream.write_all(request.as_bytes()).await;
    let wait = Duration::from_micros(200 * (nth as u64 % 50));
    tokio::time::sleep(wait).await;
    // Unread bytes or not: the kernel resets the connection.
}

/// Every third client hangs up; the names that were answered with 200.
async fn create(api: &Api, prefix: &str) -> BTreeSet<String> {
    let one = |nth: usize| async move {
        let name = format!("{prefix}-{nth}");
        if nth.is_multiple_of(3) {
            hang_up(api, nth, &name).await;
            return None;
        }
        match api.send(Method::POST, TENANTS, Some(&body(&name)), 0).await {
            Some((200, _)) => Some(name),
            None => None, // killed meanwhile
            Some((status, answer)) => panic!("{name}: {status} {answer}"),
        }
    };
    let asked = futures::stream::iter((0..CREATES).map(one)).buffer_unordered(32);
    asked.filter_map(std::future::ready).collect().await
}

/// The names that a list has.
async fn stored(api: &Api) -> BTreeSet<String> {
    let all = api.all(TENANTS).await;
    let names = all
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_creates_with_every_third_client_gone_every_answer_is_stored_and_audited() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::postgres().await;
    let working = site.start("all").await;
    working.register("hangup").await;
    working.stop().await;
    // Without workers: this is about the store.
    let server = site.start("api").await;
    let begun = Instant::now();
    let run = place::unique();
    let promised = create(&server.api, &format!("h-{run}")).await;
    println!(
        "{} of {CREATES} answered after {:?}",
        promised.len(),
        begun.elapsed()
    );
    assert!(promised.len() > CREATES / 2);
    let there = stored(&server.api).await;
    assert_eq!(
        promised.difference(&there).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );

    // Once more, and killed in the middle.
    let second = format!("i-{run}");
    let (api, prefix) = (server.api.clone(), second.clone());
    let creating = tokio::spawn(async move { create(&api, &prefix).await });
    let seen = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    let path = format!("{TENANTS}?limit=1");
    server
        .api
        .until(&path, "some are stored", PATIENCE, seen)
        .await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.kill().await;
    let more = creating.await.unwrap();
    idle(&site).await;
    let server = site.start("api").await;
    let there = stored(&server.api).await;
    for promised in [&promised, &more] {
        assert_eq!(
            promised.difference(&there).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }
    println!(
        "{} more answered before the kill; {} stored",
        more.len(),
        there.len()
    );
    audited(&site).await;
    idle(&site).await;
    server.kill().await;
}

/// Every tenant that is stored has its audit row.
async fn audited(site: &Site) {
    let sql = "select count(*) from tenants t where not exists \
        (select from audit a where a.target_uid = t.id and a.outcome = 'done')";
    assert_eq!(
        place::count(site.database(), sql).await,
        0,
        "tenants without an audit row"
    );
}

/// No connection is left within a transaction.
async fn idle(site: &Site) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() \
        and state like 'idle in transaction%' and now() - state_change > interval '1 second'";
    assert_eq!(
        place::count(site.database(), sql).await,
        0,
        "left in a transaction"
    );
}
