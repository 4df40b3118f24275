//! Where these tests run: a cluster, a Postgres, and the command that stops and starts parts. Without them they fail.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// One test at a time: they take an inventory of the cluster, and stop parts of it.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but these variables"
)]
fn variable(name: &str, what: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} must name {what}; `cargo xtask test` brings it up and sets it")
    })
}

fn state() -> PathBuf {
    let what = "the state folder of a test cluster (`cargo xtask cluster up`)";
    variable("KUBENOVA_TEST_CLUSTER", what).into()
}

/// The kubeconfig of an identity of the test cluster, as YAML.
pub(crate) fn kubeconfig(identity: &str) -> String {
    let file = format!("{identity}.yaml");
    std::fs::read_to_string(state().join("kubeconfig").join(file)).unwrap()
}

/// Letters and digits that no other test has: names of one run never meet those of another.
#[expect(
    clippy::disallowed_methods,
    reason = "tests share a cluster and need names of their own"
)]
pub(crate) fn unique() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string();
    format!("{}{}", &id[4..12], &id[28..])
}

/// The address of an empty database.
pub(crate) async fn database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let what = "a Postgres role that may create databases (`cargo xtask db up`)";
    let server = variable("KUBENOVA_TEST_DATABASE_URL", what);
    let nth = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("kn_real_{}_{nth}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}"),
    ] {
        let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await;
        made.unwrap();
    }
    let (place, options) = server.split_once('?').unwrap_or((&server, ""));
    let base = place.rsplit_once('/').map_or(place, |(base, _)| base);
    format!("{base}/{name}?{options}")
        .trim_end_matches('?')
        .to_owned()
}

/// How many rows a query counts.
pub(crate) async fn count(database: &str, sql: &'static str) -> i64 {
    let mut look = PgConnection::connect(database).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut look).await.unwrap()
}

/// Runs a statement.
pub(crate) async fn run(database: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(database).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// Stops (`stop-part`) or starts (`start-part`) a part of the test cluster.
pub(crate) async fn part(command: &str, part: &str) {
    let xtask = variable("KUBENOVA_TEST_XTASK", "the program `xtask`");
    let state = state();
    // <target>/cluster/<name>
    let name = state.file_name().unwrap();
    let target = state.ancestors().nth(2).unwrap();
    let mut command_line = Command::new(xtask);
    command_line
        .args(["cluster", command])
        .args([name, part.as_ref()])
        .env("CARGO_TARGET_DIR", target)
        .kill_on_drop(true);
    let ran = tokio::time::timeout(Duration::from_secs(120), command_line.status()).await;
    assert!(ran.unwrap().unwrap().success(), "{command} {part}");
}
