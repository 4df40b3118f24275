//! How to reach the database: limits, options of every connection, connections that one task owns or several share.

pub(super) mod lane;
pub(super) mod lanes;
pub(super) mod reach;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

/// What the way to the database and back may take beyond what the database allows a statement.
const WAY: Duration = Duration::from_millis(300);

/// Limits of the store's use of a database.
#[derive(Debug, Clone)]
pub struct PgOptions {
    /// Connections for lists and the work set; point reads, writes and the listener have a few of their own
    /// ([`PgOptions::EXTRA_CONNECTIONS`]). At least one is for lists, whatever is said here.
    pub max_connections: u32,
    /// How long to wait for a connection to be made.
    pub connect_timeout: Duration,
    /// The longest read, waiting for a connection included.
    pub read_timeout: Duration,
    /// The longest commit, waiting for its turn included. Half of it is what a transaction may take.
    pub commit_timeout: Duration,
    /// The longest look at the work set, waiting for a connection included.
    pub work_timeout: Duration,
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
            max_connections: 9,
            connect_timeout: Duration::from_millis(700),
            read_timeout: Duration::from_millis(1800),
            commit_timeout: Duration::from_secs(5),
            work_timeout: Duration::from_secs(4),
            lock_timeout: Duration::from_millis(1500),
            idle_in_transaction_timeout: Duration::from_secs(3),
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

/// The options that all connections have.
pub(super) fn options(url: &str, limits: &PgOptions) -> Result<PgConnectOptions, ConnectError> {
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
            ("lock_timeout", millis(limits.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                millis(limits.idle_in_transaction_timeout),
            ),
        ]))
}

/// The same for connections whose users wait so long: the database gives up a little earlier, and says why.
pub(super) fn for_waits_of(options: &PgConnectOptions, longest: Duration) -> PgConnectOptions {
    let statement = longest.saturating_sub(WAY).max(WAY);
    options
        .clone()
        .options([("statement_timeout", millis(statement))])
}

fn millis(limit: Duration) -> String {
    limit.as_millis().to_string()
}
