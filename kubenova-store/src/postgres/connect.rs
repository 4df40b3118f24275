//! How to reach the database: options of every connection, and lanes: connections that one task owns.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, timeout};

/// Limits of the store's use of a database.
#[derive(Debug, Clone)]
pub struct PgOptions {
    /// Connections for lists and the work set; point reads, writes and the listener have a few of their own
    /// ([`PgOptions::EXTRA_CONNECTIONS`]).
    pub max_connections: u32,
    /// How long to wait for a connection, or for one to be made, before the store counts as away.
    pub acquire_timeout: Duration,
    /// The longest statement.
    pub statement_timeout: Duration,
    /// The longest wait for a lock.
    pub lock_timeout: Duration,
    /// The longest silence inside a transaction, after which the database ends it.
    pub idle_in_transaction_timeout: Duration,
    /// Connections are renewed at this age.
    pub max_lifetime: Duration,
}

impl PgOptions {
    /// Connections beside [`PgOptions::max_connections`]: readers, writers, listener, notifier.
    pub const EXTRA_CONNECTIONS: u32 = 7;
}

impl Default for PgOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_millis(700),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(3),
            idle_in_transaction_timeout: Duration::from_secs(10),
            max_lifetime: Duration::from_secs(30 * 60),
        }
    }
}

/// Why the store could not be opened or migrated. Never shows the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address cannot be read.
    #[error("the address of the database is not usable")]
    Address,
    /// It did not answer, or refused us.
    #[error("the database is away")]
    Away(#[source] sqlx::Error),
    /// A migration failed, or the schema is newer than this build.
    #[error("the database cannot be brought to the expected version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// The options of every connection.
pub(super) fn options(url: &str, limits: &PgOptions) -> Result<PgConnectOptions, ConnectError> {
    let millis = |limit: Duration| limit.as_millis().to_string();
    if !["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(ConnectError::Address);
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| ConnectError::Address)?;
    Ok(options
        .application_name("kubenova")
        .statement_cache_capacity(200)
        .disable_statement_logging()
        .options([
            ("statement_timeout", millis(limits.statement_timeout)),
            ("lock_timeout", millis(limits.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                millis(limits.idle_in_transaction_timeout),
            ),
        ]))
}

/// A connection that one task owns: made when it is needed, kept while it works. A pool would test a connection each
/// time it is given back, which costs as much as a point read.
pub(super) struct Lane {
    options: PgConnectOptions,
    connection: Option<(PgConnection, Instant)>,
    connect_timeout: Duration,
    max_lifetime: Duration,
}

impl Lane {
    pub(super) fn new(options: PgConnectOptions, limits: &PgOptions) -> Self {
        Self {
            options,
            connection: None,
            connect_timeout: limits.acquire_timeout,
            max_lifetime: limits.max_lifetime,
        }
    }

    /// The connection; a new one where there is none, or where it is old.
    pub(super) async fn get(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self
            .connection
            .as_ref()
            .is_some_and(|(_, born)| born.elapsed() > self.max_lifetime)
        {
            self.discard();
        }
        let (connection, born) = match self.connection.take() {
            Some(kept) => kept,
            None => {
                let made = timeout(self.connect_timeout, self.options.connect()).await;
                (
                    made.unwrap_or(Err(sqlx::Error::PoolTimedOut))?,
                    Instant::now(),
                )
            }
        };
        Ok(&mut self.connection.insert((connection, born)).0)
    }

    /// Whether the connection was used before, so that it may have broken unnoticed.
    pub(super) const fn is_kept(&self) -> bool {
        self.connection.is_some()
    }

    /// Drops the connection; what it was doing is rolled back.
    pub(super) fn discard(&mut self) {
        self.connection = None;
    }

    /// Says good-bye.
    pub(super) async fn close(&mut self) {
        if let Some((connection, _)) = self.connection.take() {
            // What counts was committed before; a server that does not listen any more needs no good-bye.
            let _ = timeout(self.connect_timeout, connection.close()).await;
        }
    }
}
