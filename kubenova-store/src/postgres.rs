//! A store in Postgres, shared by any number of processes.
//!
//! ```text
//! commit ─► writer: batches, one transaction each ─► NOTIFY afterwards ─► every process wakes
//! get    ─► reader: whatever waits, one query      list, claim, finish ─► lanes: one statement each
//! ```
//!
//! Writers, readers and the listener own their connections: no caller can leave one of them in the middle of a
//! transaction. Lists and the work set share a few, for single statements. The database's clock alone decides about leases and about what was revoked lately.

mod connect;
mod error;
mod listen;
mod migrate;
mod queue;
mod read;
mod reader;
mod rotate;
mod row;
mod sql;
mod write;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use kubenova_core::change::ChangeSet;
use kubenova_core::ports::store::{Commit, CommitError, Health, StoreError, StoreHealth};

pub use connect::{ConnectError, PgOptions};
pub use rotate::Rotated;

use crate::seal::Keyring;
use crate::wake::Wake;
use connect::for_waits_of;
use connect::lane::{Lane, Opener};
use connect::lanes::Lanes;
use connect::reach::Reach;
use listen::Teller;
use reader::Reader;
use writer::Writer;

/// Tasks that answer point reads.
const READERS: usize = 3;
/// Transactions at a time.
const WRITERS: usize = 2;
/// Connections for the work set, of those that are shared: lists must not keep workers waiting.
const WORK: u32 = 2;
/// How long the first connection may take.
const FIRST: Duration = Duration::from_secs(2);
/// The longest statement of a migration.
const MIGRATION: Duration = Duration::from_secs(600);
/// How long a shutdown waits for what was begun.
const DRAIN: Duration = Duration::from_secs(15);

/// The store.
pub struct PgStore {
    /// Lists and other reads of more than one row.
    lists: Lanes,
    /// The work set.
    work: Lanes,
    /// What opens a connection for a full pass.
    full_pass: Opener,
    keyring: Arc<Keyring>,
    reader: Reader,
    writer: Writer,
    wake: Arc<Wake>,
    notify: Teller,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Ends the tasks with the store, if nobody shut it down before.
    _stop_on_drop: DropGuard,
}

impl PgStore {
    /// Opens the store. Migrations are [`PgStore::migrate`]'s.
    ///
    /// # Errors
    /// [`ConnectError::Address`], [`ConnectError::Away`].
    pub async fn connect(
        url: &str,
        limits: PgOptions,
        keyring: Keyring,
    ) -> Result<Self, ConnectError> {
        let options = connect::options(url, &limits)?;
        let first = async {
            let first = options.connect().await?;
            first.close().await
        };
        let first = timeout(FIRST, first).await;
        first
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(ConnectError::Away)?;
        Ok(Self::start(&options, &limits, keyring))
    }

    fn start(options: &PgConnectOptions, limits: &PgOptions, keyring: Keyring) -> Self {
        let (tasks, stop, wake) = (
            TaskTracker::new(),
            CancellationToken::new(),
            Arc::new(Wake::new()),
        );
        let keyring = Arc::new(keyring);
        let reach = Reach::start(options.clone(), &tasks, &stop);
        let (read, commit) = (limits.read_timeout, limits.commit_timeout);
        let opener = |longest| Opener::new(for_waits_of(options, longest), limits, &reach);
        let lanes = |n: usize, longest| (0..n).map(|_| Lane::new(opener(longest))).collect();
        let process = process_id();
        let notify = listen::teller(Lane::new(opener(read)), &wake, process, &tasks, &stop);
        let listening = (Arc::clone(&wake), process, reach.clone());
        listen::listener(options.clone(), listening, &tasks, &stop);
        let context = (Arc::clone(&keyring), notify.clone(), reach.clone(), commit);
        let writers = lanes(WRITERS, writer::transaction(commit));
        let for_lists = limits.max_connections.saturating_sub(WORK).max(1);
        Self {
            lists: Lanes::new(opener(read), for_lists, read),
            work: Lanes::new(opener(limits.work_timeout), WORK, limits.work_timeout),
            full_pass: opener(queue::FULL_PASS),
            reader: Reader::start(lanes(READERS, read), read, &tasks, &stop),
            writer: Writer::start(writers, context, &tasks, &stop),
            keyring,
            wake,
            notify,
            tasks,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Brings the database to the version this build expects. Several may try at once.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn migrate(url: &str) -> Result<(), ConnectError> {
        let limits = PgOptions {
            lock_timeout: Duration::from_secs(60),
            ..PgOptions::default()
        };
        let options = for_waits_of(&connect::options(url, &limits)?, MIGRATION);
        let mut connection = options.connect().await.map_err(ConnectError::Away)?;
        let done = migrate::migrator().run(&mut connection).await;
        done.map_err(ConnectError::Migrate)?;
        connection.close().await.map_err(ConnectError::Away)
    }

    /// Finishes what was begun, takes nothing more, and gives every connection back. Bounded: 30 seconds.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("The store is closed although a transaction is still on its way");
        }
        let shared = async { tokio::join!(self.lists.close(), self.work.close()) };
        // Each of their users waits for a bounded time only.
        let _ = timeout(DRAIN, shared).await;
    }
}

/// Names this process in what it tells others: random, so that no two are alike.
fn process_id() -> Uuid {
    let mut bytes = [0; 16];
    // Without randomness all processes would have one name, and rely on their timers.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    Uuid::from_bytes(bytes)
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PgStore(..)")
    }
}

#[async_trait]
impl Commit for PgStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.writer.commit(changes).await
    }
}

#[async_trait]
impl Health for PgStore {
    async fn health(&self) -> Result<StoreHealth, StoreError> {
        let query = sqlx::query_as::<_, (bool,)>(sql::HAS_SCHEMA);
        let found = match self.lists.row(query).await? {
            Some((true,)) => {
                let query = sqlx::query_as::<_, (Option<i64>,)>(sql::SCHEMA_VERSION);
                self.lists.row(query).await?.and_then(|(version,)| version)
            }
            Some((false,)) | None => None,
        };
        Ok(StoreHealth {
            migration: Some(found.unwrap_or(0)),
            expected: Some(migrate::EXPECTED),
        })
    }
}
