//! What lists by label and owner walk: derived from the rows, written with them.

use sqlx::postgres::PgConnection;
use uuid::Uuid;

use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::value::{Labels, Name};

use super::{Statement, run};
use crate::postgres::error::Failure;
use crate::postgres::sql::write as sql;

/// Labels of new rows.
#[derive(Debug, Default)]
pub(super) struct NewLabels {
    parents: Vec<Uuid>,
    keys: Vec<String>,
    values: Vec<String>,
    names: Vec<String>,
    rows: Vec<Uuid>,
}

impl NewLabels {
    pub(super) fn add(&mut self, parent: Uuid, row: (Uuid, &Name), labels: &Labels) {
        for (key, value) in labels.as_map() {
            self.parents.push(parent);
            self.keys.push(key.clone());
            self.values.push(value.clone());
            self.names.push(row.1.as_str().to_owned());
            self.rows.push(row.0);
        }
    }

    pub(super) async fn insert(self, connection: &mut PgConnection) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql::INSERT_LABELS)
            .bind(self.parents)
            .bind(self.keys)
            .bind(self.values);
        run(connection, query.bind(self.names).bind(self.rows)).await?;
        Ok(())
    }
}

/// Owners of new tenants.
pub(super) async fn insert_owners(
    connection: &mut PgConnection,
    new: &[&Tenant],
) -> Result<(), Failure> {
    let (mut clusters, mut subjects, mut names, mut ids) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for tenant in new {
        for owner in &tenant.owners {
            clusters.push(tenant.cluster.uuid());
            subjects.push(owner.as_str().to_owned());
            names.push(tenant.name.as_str().to_owned());
            ids.push(tenant.id.uuid());
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql::INSERT_OWNERS)
        .bind(clusters)
        .bind(subjects);
    run(connection, query.bind(names).bind(ids)).await?;
    Ok(())
}

/// Replaces owners and labels of tenants.
pub(super) async fn replace_of_tenants(
    connection: &mut PgConnection,
    new: &[&Tenant],
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = new.iter().map(|tenant| tenant.id.uuid()).collect();
    run(connection, sqlx::query(sql::CLEAR_OWNERS).bind(ids.clone())).await?;
    let owners = new.iter().flat_map(|tenant| {
        let id = tenant.id.uuid();
        tenant
            .owners
            .iter()
            .map(move |owner| (id, owner.as_str().to_owned()))
    });
    let (rows, subjects): (Vec<Uuid>, Vec<String>) = owners.unzip();
    if !rows.is_empty() {
        let query = sqlx::query(sql::INSERT_OWNERS_OF_TENANTS)
            .bind(rows)
            .bind(subjects);
        run(connection, query).await?;
    }
    let labels = new.iter().map(|tenant| (tenant.id.uuid(), &tenant.labels));
    replace(
        connection,
        ids,
        pairs(labels, sql::INSERT_LABELS_OF_TENANTS),
    )
    .await
}

/// Replaces labels of projects.
pub(super) async fn replace_of_projects(
    connection: &mut PgConnection,
    new: &[&Project],
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = new.iter().map(|project| project.id.uuid()).collect();
    let labels = new
        .iter()
        .map(|project| (project.id.uuid(), &project.labels));
    replace(
        connection,
        ids,
        pairs(labels, sql::INSERT_LABELS_OF_PROJECTS),
    )
    .await
}

async fn replace(
    connection: &mut PgConnection,
    ids: Vec<Uuid>,
    insert: Option<Statement>,
) -> Result<(), Failure> {
    run(connection, sqlx::query(sql::CLEAR_LABELS).bind(ids)).await?;
    if let Some(insert) = insert {
        run(connection, insert).await?;
    }
    Ok(())
}

fn pairs<'a>(
    rows: impl Iterator<Item = (Uuid, &'a Labels)>,
    text: &'static str,
) -> Option<Statement> {
    let (mut ids, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (id, labels) in rows {
        for (key, value) in labels.as_map() {
            ids.push(id);
            keys.push(key.clone());
            values.push(value.clone());
        }
    }
    (!ids.is_empty()).then(|| sqlx::query(text).bind(ids).bind(keys).bind(values))
}
