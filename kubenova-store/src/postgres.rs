//! A store in Postgres, shared by any number of processes.
//!
//! ```text
//! commit ─► writer: batches, one transaction each ─► NOTIFY afterwards ─► every process wakes
//! get    ─► reader: whatever waits, one query      list, claim, finish ─► pool
//! ```
//!
//! Writers, readers and the listener own their connections: no caller can leave one of them in the middle of a
//! transaction. The database's clock alone decides about leases and about what was revoked lately.

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
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
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
use connect::Lane;
use listen::Teller;
use reader::Reader;
use writer::Writer;

/// Tasks that answer point reads.
const READERS: usize = 3;
/// Transactions at a time.
const WRITERS: usize = 2;
/// Beyond what the database allows a statement, for the way there and back.
const WAY: Duration = Duration::from_secs(1);
/// A pooled connection that rested for longer is tested before it is used again. The pool has tested it when it came
/// back; one more way there and back costs a list a tenth of its time.
const FRESH: Duration = Duration::from_millis(200);
/// How long a shutdown waits for what was begun.
const DRAIN: Duration = Duration::from_secs(15);

/// The store.
pub struct PgStore {
    pool: PgPool,
    options: PgConnectOptions,
    limits: PgOptions,
    keyring: Arc<Keyring>,
    reader: Reader,
    writer: Writer,
    wake: Arc<Wake>,
    notify: Teller,
    /// The longest read.
    deadline: Duration,
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
        let first = timeout(limits.acquire_timeout.max(WAY), options.connect()).await;
        let first = first
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(ConnectError::Away)?;
        first.close().await.map_err(ConnectError::Away)?;
        Ok(Self::start(options, limits, keyring))
    }

    fn start(options: PgConnectOptions, limits: PgOptions, keyring: Keyring) -> Self {
        let (tasks, stop, wake) = (
            TaskTracker::new(),
            CancellationToken::new(),
            Arc::new(Wake::new()),
        );
        let keyring = Arc::new(keyring);
        let lane = || Lane::new(options.clone(), &limits);
        let lanes = |n: usize| (0..n).map(|_| lane()).collect::<Vec<_>>();
        let deadline = limits.statement_timeout + WAY;
        let process = process_id();
        let notify = listen::teller(lane(), &wake, process, &tasks, &stop);
        listen::listener(options.clone(), Arc::clone(&wake), process, &tasks, &stop);
        let context = (Arc::clone(&keyring), notify.clone(), deadline);
        let pool = PgPoolOptions::new()
            .max_connections(limits.max_connections)
            .acquire_timeout(limits.acquire_timeout)
            .max_lifetime(limits.max_lifetime)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.clone());
        Self {
            pool,
            reader: Reader::start(lanes(READERS), deadline, &tasks, &stop),
            writer: Writer::start(lanes(WRITERS), context, &tasks, &stop),
            options,
            limits,
            keyring,
            wake,
            notify,
            deadline,
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
            statement_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(60),
            ..PgOptions::default()
        };
        let options = connect::options(url, &limits)?;
        let mut connection = options.connect().await.map_err(ConnectError::Away)?;
        let done = migrate::migrator().run(&mut connection).await;
        done.map_err(ConnectError::Migrate)?;
        connection.close().await.map_err(ConnectError::Away)
    }

    /// Finishes what was begun, takes nothing more, and gives every connection back. Bounded: 15 seconds.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("The store is closed although a transaction is still on its way");
        }
        // Hangs while somebody holds a connection.
        let _ = timeout(WAY, self.pool.close()).await;
    }

    fn lane(&self) -> Lane {
        Lane::new(self.options.clone(), &self.limits)
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
        let query = sqlx::query_scalar::<_, Option<i64>>(sql::SCHEMA_VERSION);
        let found = match query.fetch_one(&self.pool).await {
            Ok(version) => version,
            // No table of migrations yet.
            Err(sqlx::Error::Database(err)) if err.code().as_deref() == Some("42P01") => None,
            Err(err) => return Err(error::read_failed(err)),
        };
        Ok(StoreHealth {
            migration: Some(found.unwrap_or(0)),
            expected: Some(migrate::EXPECTED),
        })
    }
}
