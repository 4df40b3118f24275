//! Point reads, merged: what waits at the same time is answered by one query.
//!
//! # Guarantees
//! A query begins after the read was called, so it sees every commit that returned before.

mod point;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::{StoreError, TokenLookup};
use kubenova_core::value::Name;

use self::point::{
    ClusterById, ClusterByName, Point, ProjectById, ProjectByName, TenantById, TenantByName,
    TokenById,
};
use super::connect::lane::Lane;
use super::error::{Cause, Closed, Failure, Late, breaks_connection};

/// Keys answered by one query.
const MERGED: usize = 256;
/// Reads that may wait; more wait to wait.
const WAITING: usize = 4096;

/// What a caller waits for.
struct Wanted<P: Point> {
    key: P::Key,
    reply: oneshot::Sender<Result<Option<P::Value>, StoreError>>,
}

/// One of the kinds of point reads.
enum Ask {
    Cluster(Wanted<ClusterById>),
    ClusterNamed(Wanted<ClusterByName>),
    Tenant(Wanted<TenantById>),
    TenantNamed(Wanted<TenantByName>),
    Project(Wanted<ProjectById>),
    ProjectNamed(Wanted<ProjectByName>),
    Token(Wanted<TokenById>),
}

/// What is answered together, kind by kind.
#[derive(Default)]
struct Round {
    clusters: Vec<Wanted<ClusterById>>,
    clusters_named: Vec<Wanted<ClusterByName>>,
    tenants: Vec<Wanted<TenantById>>,
    tenants_named: Vec<Wanted<TenantByName>>,
    projects: Vec<Wanted<ProjectById>>,
    projects_named: Vec<Wanted<ProjectByName>>,
    tokens: Vec<Wanted<TokenById>>,
}

/// Asks the tasks that read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    asks: mpsc::Sender<Ask>,
    longest: Duration,
}

impl Reader {
    /// Starts a task for each lane; they end when `stop` is cancelled. Nobody waits for longer than `longest`.
    pub(super) fn start(
        lanes: Vec<Lane>,
        longest: Duration,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (send, receive) = mpsc::channel(WAITING);
        let receive = Arc::new(Mutex::new(receive));
        for lane in lanes {
            tasks.spawn(run(lane, longest, Arc::clone(&receive), stop.clone()));
        }
        Self {
            asks: send,
            longest,
        }
    }

    pub(super) async fn cluster(&self, id: Uuid) -> Result<Option<Cluster>, StoreError> {
        self.ask(id, Ask::Cluster).await
    }

    pub(super) async fn cluster_named(&self, name: &Name) -> Result<Option<Cluster>, StoreError> {
        self.ask(name.as_str().to_owned(), Ask::ClusterNamed).await
    }

    pub(super) async fn tenant(&self, id: Uuid) -> Result<Option<Tenant>, StoreError> {
        self.ask(id, Ask::Tenant).await
    }

    pub(super) async fn tenant_named(
        &self,
        cluster: Uuid,
        name: &Name,
    ) -> Result<Option<Tenant>, StoreError> {
        self.ask((cluster, name.as_str().to_owned()), Ask::TenantNamed)
            .await
    }

    pub(super) async fn project(&self, id: Uuid) -> Result<Option<Project>, StoreError> {
        self.ask(id, Ask::Project).await
    }

    pub(super) async fn project_named(
        &self,
        tenant: Uuid,
        name: &Name,
    ) -> Result<Option<Project>, StoreError> {
        self.ask((tenant, name.as_str().to_owned()), Ask::ProjectNamed)
            .await
    }

    pub(super) async fn token(&self, id: Uuid) -> Result<Option<TokenLookup>, StoreError> {
        self.ask(id, Ask::Token).await
    }

    async fn ask<P: Point>(
        &self,
        key: P::Key,
        kind: impl FnOnce(Wanted<P>) -> Ask,
    ) -> Result<Option<P::Value>, StoreError> {
        let closed = || Cause::new(Closed).away();
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let ask = kind(Wanted { key, reply });
            self.asks.send(ask).await.map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        };
        match timeout(self.longest, asked).await {
            Ok(done) => done,
            Err(_) => Err(Cause::new(Late).away()),
        }
    }
}

async fn run(
    mut lane: Lane,
    longest: Duration,
    asks: Arc<Mutex<mpsc::Receiver<Ask>>>,
    stop: CancellationToken,
) {
    loop {
        let round = tokio::select! {
            round = gather(&asks) => round,
            () = stop.cancelled() => None,
        };
        let Some(round) = round else { break };
        round.answer(&mut lane, longest).await;
    }
    lane.close().await;
}

/// Everything that waits now, at most [`MERGED`] keys.
async fn gather(asks: &Mutex<mpsc::Receiver<Ask>>) -> Option<Round> {
    let mut asks = asks.lock().await;
    let mut round = Round::default();
    round.add(asks.recv().await?);
    for _ in 1..MERGED {
        match asks.try_recv() {
            Ok(ask) => round.add(ask),
            Err(_) => break,
        }
    }
    Some(round)
}

impl Round {
    fn add(&mut self, ask: Ask) {
        match ask {
            Ask::Cluster(wanted) => self.clusters.push(wanted),
            Ask::ClusterNamed(wanted) => self.clusters_named.push(wanted),
            Ask::Tenant(wanted) => self.tenants.push(wanted),
            Ask::TenantNamed(wanted) => self.tenants_named.push(wanted),
            Ask::Project(wanted) => self.projects.push(wanted),
            Ask::ProjectNamed(wanted) => self.projects_named.push(wanted),
            Ask::Token(wanted) => self.tokens.push(wanted),
        }
    }

    async fn answer(self, lane: &mut Lane, longest: Duration) {
        answer(lane, longest, self.clusters).await;
        answer(lane, longest, self.clusters_named).await;
        answer(lane, longest, self.tenants).await;
        answer(lane, longest, self.tenants_named).await;
        answer(lane, longest, self.projects).await;
        answer(lane, longest, self.projects_named).await;
        answer(lane, longest, self.tokens).await;
    }
}

async fn answer<P: Point>(lane: &mut Lane, longest: Duration, wanted: Vec<Wanted<P>>) {
    let wanted: Vec<Wanted<P>> = wanted
        .into_iter()
        .filter(|one| !one.reply.is_closed())
        .collect();
    if wanted.is_empty() {
        return;
    }
    let mut keys: Vec<P::Key> = wanted.iter().map(|one| one.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    match fetch_again::<P>(lane, longest, &keys).await {
        Ok(found) => {
            for one in wanted {
                // A caller who is gone needs no answer.
                let _ = one.reply.send(
                    found
                        .get(&one.key)
                        .cloned()
                        .transpose()
                        .map_err(StoreError::Corrupt),
                );
            }
        }
        Err(cause) => {
            for one in wanted {
                let _ = one.reply.send(Err(cause.away()));
            }
        }
    }
}

/// Row by key; a row that breaks an invariant spoils only its own answer.
type Found<P> = HashMap<<P as Point>::Key, Result<<P as Point>::Value, String>>;

/// A kept connection may have broken since it was last used: then the query is sent again on a new one.
async fn fetch_again<P: Point>(
    lane: &mut Lane,
    longest: Duration,
    keys: &[P::Key],
) -> Result<Found<P>, Cause> {
    let kept = lane.is_kept();
    match fetch::<P>(lane, longest, keys).await {
        Err(Failure::Unreached(_)) if kept && !lane.is_kept() => {
            fetch::<P>(lane, longest, keys).await.map_err(told)
        }
        done => done.map_err(told),
    }
}

fn told(failure: Failure) -> Cause {
    Cause::new(StoreError::from(failure))
}

async fn fetch<P: Point>(
    lane: &mut Lane,
    longest: Duration,
    keys: &[P::Key],
) -> Result<Found<P>, Failure> {
    let reach = lane.reach().clone();
    let connection = lane.get().await.map_err(Failure::Unreached)?;
    let rows = match reach.patiently(longest, query::<P>(connection, keys)).await {
        Ok(Ok(rows)) => rows,
        Ok(Err(err)) => {
            if breaks_connection(&err) {
                lane.discard();
            }
            return Err(err.into());
        }
        Err(cause) => {
            lane.discard();
            return Err(Failure::Unknown(cause));
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| (P::key(&row), made::<P>(row)))
        .collect())
}

async fn query<P: Point>(
    connection: &mut PgConnection,
    keys: &[P::Key],
) -> Result<Vec<P::Row>, sqlx::Error> {
    P::query(keys).fetch_all(connection).await
}

fn made<P: Point>(row: P::Row) -> Result<P::Value, String> {
    super::row::Row::value(row).map_err(|err| match err {
        StoreError::Corrupt(what) => what,
        StoreError::Away(_) => "a row".to_owned(),
    })
}

/// A key of a point read.
trait Key: Clone + Ord + Hash + Send + Sync {}
impl<T: Clone + Ord + Hash + Send + Sync> Key for T {}
