//! Writes: what a batch of change sets says, as sets of rows per statement.

pub(super) mod audit;
pub(super) mod cluster;
pub(super) mod credential;
pub(super) mod labels;
pub(super) mod lock;
pub(super) mod project;
pub(super) mod tenant;
pub(super) mod work;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::types::Json;

use kubenova_core::ports::store::CommitError;

use super::error::Failure;

pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// One column of a set of rows, as a parameter.
pub(super) fn column<T, U>(rows: &[T], value: impl Fn(&T) -> U) -> Vec<U> {
    rows.iter().map(value).collect()
}

/// A moment as a parameter.
pub(super) fn time(at: Timestamp) -> jiff_sqlx::Timestamp {
    at.to_sqlx()
}

/// A moment that may be missing, as a parameter.
pub(super) fn maybe(at: Option<Timestamp>) -> Option<jiff_sqlx::Timestamp> {
    at.map(time)
}

/// A map as a parameter.
pub(super) fn map(entries: &BTreeMap<String, String>) -> Json<BTreeMap<String, String>> {
    Json(entries.clone())
}

/// Runs a statement; how many rows it touched.
pub(super) async fn run(
    connection: &mut PgConnection,
    statement: Statement,
) -> Result<u64, Failure> {
    Ok(statement.execute(connection).await?.rows_affected())
}

/// Runs an update that must find every row at the version it is based on.
pub(super) async fn run_all(
    connection: &mut PgConnection,
    statement: Statement,
    rows: usize,
) -> Result<(), Failure> {
    let touched = run(connection, statement).await?;
    if touched == rows as u64 {
        Ok(())
    } else {
        Err(CommitError::Stale.into())
    }
}
