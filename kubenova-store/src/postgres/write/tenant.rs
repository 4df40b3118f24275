//! Writes of tenants.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use kubenova_core::domain::bounds::texts;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::error::Noun;
use kubenova_core::ports::store::CommitError;
use kubenova_core::value::{Status, TenantId};

use super::labels::{NewLabels, insert_owners, replace_of_tenants};
use super::{column, map, maybe, run, run_all, time};
use crate::postgres::error::Failure;
use crate::postgres::row::{bounds, conditions, number};
use crate::postgres::sql::{lock, revoke, write as sql};

fn owners(tenant: &Tenant) -> Json<Vec<String>> {
    Json(
        tenant
            .owners
            .iter()
            .map(|owner| owner.as_str().to_owned())
            .collect(),
    )
}

pub(in crate::postgres) async fn insert(
    connection: &mut PgConnection,
    new: &[&Tenant],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::INSERT_TENANTS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| row.cluster.uuid()))
        .bind(column(new, |row| row.name.to_string()))
        .bind(column(new, |row| owners(row)))
        .bind(column(new, |row| map(row.labels.as_map())))
        .bind(column(new, |row| map(row.annotations.as_map())))
        .bind(column(new, |row| Json(texts(row.bounds.quotas.as_map()))))
        .bind(column(new, |row| Json(texts(row.bounds.limits.as_map()))))
        .bind(column(new, |row| {
            Json(bounds::network(&row.bounds.network))
        }))
        .bind(column(new, |row| time(row.created_at)))
        .bind(column(new, |row| number(row.generation)))
        .bind(column(new, |row| maybe(row.deleting)))
        .bind(column(new, |row| row.status.phase.as_str()))
        .bind(column(new, |row| number(row.status.observed)))
        .bind(column(new, |row| Json(conditions(&row.status))));
    run(connection, query).await?;
    let mut labels = NewLabels::default();
    for row in new {
        labels.add(row.cluster.uuid(), (row.id.uuid(), &row.name), &row.labels);
    }
    labels.insert(connection).await?;
    insert_owners(connection, new).await
}

pub(in crate::postgres) async fn update(
    connection: &mut PgConnection,
    new: &[&Tenant],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::UPDATE_TENANTS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| owners(row)))
        .bind(column(new, |row| map(row.labels.as_map())))
        .bind(column(new, |row| map(row.annotations.as_map())))
        .bind(column(new, |row| Json(texts(row.bounds.quotas.as_map()))))
        .bind(column(new, |row| Json(texts(row.bounds.limits.as_map()))))
        .bind(column(new, |row| {
            Json(bounds::network(&row.bounds.network))
        }))
        .bind(column(new, |row| number(row.generation)))
        .bind(column(new, |row| maybe(row.deleting)));
    run_all(connection, query, new.len()).await?;
    replace_of_tenants(connection, new).await
}

pub(in crate::postgres) async fn report(
    connection: &mut PgConnection,
    new: &[(TenantId, &Status)],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::REPORT_TENANTS)
        .bind(column(new, |(id, _)| id.uuid()))
        .bind(column(new, |(_, status)| status.phase.as_str()))
        .bind(column(new, |(_, status)| number(status.observed)))
        .bind(column(new, |(_, status)| Json(conditions(status))));
    run(connection, query).await?;
    Ok(())
}

/// A tenant without projects, whose row is locked; its tokens are revoked.
pub(in crate::postgres) async fn purge(
    connection: &mut PgConnection,
    id: TenantId,
    at: Timestamp,
) -> Result<(), Failure> {
    let projects = sqlx::query_scalar::<_, Uuid>(lock::WITH_PROJECTS).bind(vec![id.uuid()]);
    if projects.fetch_optional(&mut *connection).await?.is_some() {
        return Err(CommitError::NotEmpty(Noun::Tenant).into());
    }
    let tokens = sqlx::query(revoke::TOKENS_OF_TENANT).bind(time(at));
    run(connection, tokens.bind(id.uuid())).await?;
    for text in [sql::CLEAR_LABELS, sql::CLEAR_OWNERS] {
        run(connection, sqlx::query(text).bind(vec![id.uuid()])).await?;
    }
    run(connection, sqlx::query(sql::PURGE_TENANT).bind(id.uuid())).await?;
    Ok(())
}
