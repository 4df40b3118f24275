//! Writes of tokens and grants.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use kubenova_core::change::Revoke;
use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::ports::store::CommitError;

use super::{Statement, column, maybe, run, time};
use crate::postgres::error::Failure;
use crate::postgres::sql::{revoke, write as sql};

pub(in crate::postgres) async fn insert_tokens(
    connection: &mut PgConnection,
    new: &[&Token],
) -> Result<(), Failure> {
    let roles = |row: &&Token| {
        row.roles
            .iter()
            .map(|role| role.as_str())
            .collect::<Vec<_>>()
    };
    let projects = |row: &&Token| {
        let ids = row.projects.as_ref()?;
        Some(Json(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()))
    };
    let one = |row: &&Token| match row.projects.as_deref() {
        Some([one]) => Some(one.uuid()),
        Some(_) | None => None,
    };
    let query = sqlx::query(sql::INSERT_TOKENS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| row.subject.to_string()))
        .bind(column(new, |row| Json(roles(row))))
        .bind(column(new, |row| row.tenant.map(|id| id.uuid())))
        .bind(column(new, projects))
        .bind(column(new, one))
        .bind(column(new, |row| row.issued_by.to_string()))
        .bind(column(new, |row| time(row.created_at)))
        .bind(column(new, |row| time(row.expires_at)))
        .bind(column(new, |row| maybe(row.revoked_at)));
    run(connection, query).await?;
    Ok(())
}

pub(in crate::postgres) async fn insert_grants(
    connection: &mut PgConnection,
    new: &[&Grant],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::INSERT_GRANTS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| row.subject.to_string()))
        .bind(column(new, |row| row.issued_by.to_string()))
        .bind(column(new, |row| row.tenant.uuid()))
        .bind(column(new, |row| row.project.map(|id| id.uuid())))
        .bind(column(new, |row| row.role.as_str()))
        .bind(column(new, |row| row.cluster.uuid()))
        .bind(column(new, |row| row.endpoint.as_str()))
        .bind(column(new, |row| time(row.created_at)));
    run(connection, changeable(query, new)).await?;
    Ok(())
}

fn changeable(query: Statement, rows: &[&Grant]) -> Statement {
    query
        .bind(column(rows, |row| time(row.expires_at)))
        .bind(column(rows, |row| row.issued))
        .bind(column(rows, |row| maybe(row.revocation.requested_at)))
        .bind(column(rows, |row| maybe(row.revocation.binding_cut_at)))
        .bind(column(rows, |row| maybe(row.revocation.secret_gone_at)))
        .bind(column(rows, |row| maybe(row.revocation.credential_dead_at)))
}

pub(in crate::postgres) async fn update_grants(
    connection: &mut PgConnection,
    new: &[&Grant],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::UPDATE_GRANTS).bind(column(new, |row| row.id.uuid()));
    let touched = run(connection, changeable(query, new)).await?;
    if touched == new.len() as u64 {
        Ok(())
    } else {
        Err(CommitError::Stale.into())
    }
}

pub(in crate::postgres) async fn purge_grants(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<(), Failure> {
    run(
        connection,
        sqlx::query(sql::PURGE_GRANTS).bind(ids.to_vec()),
    )
    .await?;
    Ok(())
}

/// Tokens by id.
pub(in crate::postgres) async fn revoke_tokens(
    connection: &mut PgConnection,
    which: &[(Uuid, Timestamp)],
) -> Result<(), Failure> {
    run(connection, by_id(revoke::TOKENS, which)).await?;
    Ok(())
}

/// Grants by id. Whether there was any, which asks for its work.
pub(in crate::postgres) async fn revoke_grants(
    connection: &mut PgConnection,
    which: &[(Uuid, Timestamp)],
) -> Result<bool, Failure> {
    Ok(run(connection, by_id(revoke::GRANTS, which)).await? > 0)
}

fn by_id(text: &'static str, which: &[(Uuid, Timestamp)]) -> Statement {
    let query = sqlx::query(text).bind(column(which, |(id, _)| *id));
    query.bind(column(which, |(_, at)| time(*at)))
}

/// The four statements for what is named by anything but an id.
type Ways = [&'static str; 4];

const TOKENS: Ways = [
    revoke::TOKENS_OF_TENANT,
    revoke::TOKENS_OF_PROJECT,
    revoke::TOKENS_OF_SUBJECT_IN_TENANT,
    revoke::TOKENS_OF_SUBJECT_IN_PROJECT,
];
const GRANTS: Ways = [
    revoke::GRANTS_OF_TENANT,
    revoke::GRANTS_OF_PROJECT,
    revoke::GRANTS_OF_SUBJECT_IN_TENANT,
    revoke::GRANTS_OF_SUBJECT_IN_PROJECT,
];

fn by_place(ways: Ways, which: &Revoke, at: Timestamp) -> Option<Statement> {
    let [tenant, project, in_tenant, in_project] = ways;
    let begin = |text: &'static str, id: Uuid| sqlx::query(text).bind(time(at)).bind(id);
    match which {
        Revoke::Token(_) | Revoke::Grant(_) => None,
        Revoke::Tenant(id) => Some(begin(tenant, id.uuid())),
        Revoke::Project(id) => Some(begin(project, id.uuid())),
        Revoke::SubjectInTenant(subject, id) => {
            Some(begin(in_tenant, id.uuid()).bind(subject.to_string()))
        }
        Revoke::SubjectInProject(subject, id) => {
            Some(begin(in_project, id.uuid()).bind(subject.to_string()))
        }
    }
}

/// Tokens by place and subject.
pub(in crate::postgres) async fn revoke_tokens_of(
    connection: &mut PgConnection,
    which: &Revoke,
    at: Timestamp,
) -> Result<(), Failure> {
    if let Some(query) = by_place(TOKENS, which, at) {
        run(connection, query).await?;
    }
    Ok(())
}

/// Grants by place and subject. Whether there was any, which asks for its work.
pub(in crate::postgres) async fn revoke_grants_of(
    connection: &mut PgConnection,
    which: &Revoke,
    at: Timestamp,
) -> Result<bool, Failure> {
    match by_place(GRANTS, which, at) {
        Some(query) => Ok(run(connection, query).await? > 0),
        None => Ok(false),
    }
}
