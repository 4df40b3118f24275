//! Stores to test: in memory, and on a database of their own.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

use kubenova_core::testing::clock::TestClock;
use kubenova_store::memory::MemoryStore;
use kubenova_store::postgres::{PgOptions, PgStore};
use kubenova_store::seal::{Keyring, generate_key_file_contents};

/// An empty store in memory.
pub(crate) async fn memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(TestClock::new())))
}

/// A store on a database of its own.
pub(crate) struct Postgres {
    pub(crate) store: PgStore,
    /// Its address, for a second store and for looks at the tables.
    pub(crate) url: String,
    /// The text of its key file.
    pub(crate) key: String,
}

impl Deref for Postgres {
    type Target = PgStore;

    fn deref(&self) -> &PgStore {
        &self.store
    }
}

impl Postgres {
    /// Another process on the same database.
    pub(crate) async fn second(&self) -> PgStore {
        self.second_with(PgOptions::default()).await
    }

    pub(crate) async fn second_with(&self, options: PgOptions) -> PgStore {
        PgStore::connect(&self.url, options, keyring(&self.key))
            .await
            .unwrap()
    }

    /// A connection beside the store.
    pub(crate) async fn look(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

fn keyring(key: &str) -> Keyring {
    Keyring::parse([key]).unwrap()
}

/// Where databases can be made: a role that may create them.
///
/// The tests of Postgres fail without it; none of them is skipped.
#[expect(clippy::disallowed_methods, reason = "the one setting of these tests")]
pub(crate) fn server() -> String {
    std::env::var("KUBENOVA_TEST_DATABASE_URL").unwrap_or_else(|_| {
        panic!(
            "KUBENOVA_TEST_DATABASE_URL must name a Postgres role that may create databases; \
             `cargo xtask test` brings one up, `cargo xtask db up` prints one"
        )
    })
}

/// The same server and role, another database.
fn on(database: &str) -> String {
    let server = server();
    let (place, options) = server
        .split_once('?')
        .map_or((server.as_str(), None), |(p, o)| (p, Some(o)));
    let base = place.rsplit_once('/').map_or(place, |(base, _)| base);
    let options = options
        .map(|options| format!("?{options}"))
        .unwrap_or_default();
    format!("{base}/{database}{options}")
}

async fn sql(connection: &mut PgConnection, text: String) {
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await
        .unwrap();
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A migrated database to copy, made once per run.
async fn template() -> &'static str {
    TEMPLATE
        .get_or_init(async || {
            let name = format!("kn_template_{}", std::process::id());
            let mut admin = PgConnection::connect(&server()).await.unwrap();
            sql(&mut admin, format!("drop database if exists {name}")).await;
            sql(&mut admin, format!("create database {name}")).await;
            PgStore::migrate(&on(&name)).await.unwrap();
            name
        })
        .await
}

/// The address of an empty, migrated database.
pub(crate) async fn database() -> String {
    let template = template().await;
    let name = format!(
        "kn_test_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let mut admin = PgConnection::connect(&server()).await.unwrap();
    sql(
        &mut admin,
        format!("drop database if exists {name} with (force)"),
    )
    .await;
    sql(
        &mut admin,
        format!("create database {name} template {template}"),
    )
    .await;
    on(&name)
}

/// The address of a database without anything.
pub(crate) async fn bare_database() -> String {
    let name = format!(
        "kn_bare_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let mut admin = PgConnection::connect(&server()).await.unwrap();
    sql(
        &mut admin,
        format!("drop database if exists {name} with (force)"),
    )
    .await;
    sql(&mut admin, format!("create database {name}")).await;
    on(&name)
}

/// An empty store in Postgres.
pub(crate) async fn postgres() -> Postgres {
    let url = database().await;
    let key = generate_key_file_contents()
        .unwrap()
        .expose_str()
        .unwrap()
        .to_owned();
    let store = PgStore::connect(&url, PgOptions::default(), keyring(&key))
        .await
        .unwrap();
    Postgres { store, url, key }
}
