//! Writes of projects and their members.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use kubenova_core::domain::project::{Members, Project};
use kubenova_core::value::{ProjectId, Status, TenantId};

use super::labels::{NewLabels, replace_of_projects};
use super::{column, map, maybe, run, run_all, time};
use crate::postgres::error::Failure;
use crate::postgres::row::{conditions, number};
use crate::postgres::sql::write as sql;

pub(in crate::postgres) async fn insert(
    connection: &mut PgConnection,
    new: &[&Project],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::INSERT_PROJECTS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| row.tenant.uuid()))
        .bind(column(new, |row| row.tenant_name.to_string()))
        .bind(column(new, |row| row.cluster.uuid()))
        .bind(column(new, |row| row.name.to_string()))
        .bind(column(new, |row| row.namespace.to_string()))
        .bind(column(new, |row| map(row.labels.as_map())))
        .bind(column(new, |row| map(row.annotations.as_map())))
        .bind(column(new, |row| time(row.created_at)))
        .bind(column(new, |row| number(row.generation)))
        .bind(column(new, |row| maybe(row.deleting)))
        .bind(column(new, |row| row.status.phase.as_str()))
        .bind(column(new, |row| number(row.status.observed)))
        .bind(column(new, |row| Json(conditions(&row.status))));
    run(connection, query).await?;
    let mut labels = NewLabels::default();
    for row in new {
        labels.add(row.tenant.uuid(), (row.id.uuid(), &row.name), &row.labels);
    }
    labels.insert(connection).await
}

pub(in crate::postgres) async fn update(
    connection: &mut PgConnection,
    new: &[&Project],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::UPDATE_PROJECTS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| map(row.labels.as_map())))
        .bind(column(new, |row| map(row.annotations.as_map())))
        .bind(column(new, |row| number(row.generation)))
        .bind(column(new, |row| maybe(row.deleting)));
    run_all(connection, query, new.len()).await?;
    replace_of_projects(connection, new).await
}

pub(in crate::postgres) async fn report(
    connection: &mut PgConnection,
    new: &[(ProjectId, &Status)],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::REPORT_PROJECTS)
        .bind(column(new, |(id, _)| id.uuid()))
        .bind(column(new, |(_, status)| status.phase.as_str()))
        .bind(column(new, |(_, status)| number(status.observed)))
        .bind(column(new, |(_, status)| Json(conditions(status))));
    run(connection, query).await?;
    Ok(())
}

/// Replaces member lists. A project that is gone is refused by the foreign key; an empty list of it is no loss.
pub(in crate::postgres) async fn set_members(
    connection: &mut PgConnection,
    new: &[(ProjectId, &Members)],
) -> Result<(), Failure> {
    let ids = column(new, |(id, _)| id.uuid());
    run(connection, sqlx::query(sql::CLEAR_MEMBERS).bind(ids)).await?;
    let (mut projects, mut subjects, mut kinds, mut roles) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (project, members) in new {
        for member in *members {
            projects.push(project.uuid());
            subjects.push(member.subject.as_str().to_owned());
            kinds.push(member.kind.as_str());
            roles.push(member.role.as_str());
        }
    }
    if projects.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql::INSERT_MEMBERS)
        .bind(projects)
        .bind(subjects);
    run(connection, query.bind(kinds).bind(roles)).await?;
    Ok(())
}

/// Projects with members and labels; the reservation of the namespace is the row's own.
pub(in crate::postgres) async fn purge(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<(), Failure> {
    for text in [sql::CLEAR_MEMBERS, sql::CLEAR_LABELS, sql::PURGE_PROJECTS] {
        run(connection, sqlx::query(text).bind(ids.to_vec())).await?;
    }
    Ok(())
}

/// Marks every project of a tenant that is not marked yet. Whether there was any, which asks for its work.
pub(in crate::postgres) async fn delete_all(
    connection: &mut PgConnection,
    tenant: TenantId,
    at: Timestamp,
) -> Result<bool, Failure> {
    let query = sqlx::query(sql::DELETE_PROJECTS_OF)
        .bind(tenant.uuid())
        .bind(time(at));
    Ok(run(connection, query).await? > 0)
}
