//! Writes of clusters.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use kubenova_core::domain::cluster::{Cluster, Departure, Part, Proxy};
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{ClusterId, Secret, Status};

use super::{Statement, column, map, maybe, run, run_all, time};
use crate::postgres::error::Failure;
use crate::postgres::row::{conditions, number};
use crate::postgres::sql::{revoke, write as sql};
use crate::seal::{Keyring, kubeconfig_of};

type New<'a> = (&'a Cluster, &'a Secret);

pub(in crate::postgres) async fn insert(
    connection: &mut PgConnection,
    keyring: &Keyring,
    new: &[New<'_>],
) -> Result<(), Failure> {
    let seal = |(cluster, secret): &New<'_>| keyring.seal(&kubeconfig_of(cluster.id), secret);
    let sealed = new.iter().map(seal).collect::<Result<Vec<_>, _>>();
    let sealed = sealed.map_err(|why| {
        let what = format!("a kubeconfig was not sealed: {why}");
        Failure::Refused(StoreError::Corrupt(what).into())
    })?;
    let rows: Vec<&Cluster> = new.iter().map(|(cluster, _)| *cluster).collect();
    let query = sqlx::query(sql::INSERT_CLUSTERS)
        .bind(column(&rows, |row| row.id.uuid()))
        .bind(column(&rows, |row| row.name.to_string()))
        .bind(column(&rows, |row| row.display_name.clone()))
        .bind(column(&rows, |row| map(row.labels.as_map())))
        .bind(column(&rows, |row| time(row.created_at)))
        .bind(column(&rows, |row| number(row.generation)))
        .bind(column(&rows, |row| row.identity.clone()))
        .bind(column(&rows, |row| row.kubernetes_version.clone()));
    let query = changeable(query, &rows)
        .bind(column(&rows, |row| row.status.phase.as_str()))
        .bind(column(&rows, |row| number(row.status.observed)))
        .bind(column(&rows, |row| Json(conditions(&row.status))))
        .bind(sealed);
    run(connection, query).await?;
    Ok(())
}

/// Proxy, parts and departure.
fn changeable(query: Statement, rows: &[&Cluster]) -> Statement {
    let proxy =
        |of: fn(&Proxy) -> Option<String>| column(rows, |row| row.proxy.as_ref().and_then(of));
    let parts = |row: &&Cluster| {
        row.parts
            .iter()
            .copied()
            .map(Part::as_str)
            .collect::<Vec<_>>()
    };
    let departure = |row: &&Cluster| row.deleting;
    query
        .bind(proxy(|proxy| Some(proxy.kind.as_str().to_owned())))
        .bind(proxy(|proxy| Some(proxy.url.clone())))
        .bind(proxy(|proxy| proxy.ca_pem.clone()))
        .bind(column(rows, |row| Json(parts(row))))
        .bind(column(rows, |row| {
            maybe(departure(row).map(|going: Departure| going.at))
        }))
        .bind(column(rows, |row| {
            departure(row).is_some_and(|going| going.orphan)
        }))
}

pub(in crate::postgres) async fn update(
    connection: &mut PgConnection,
    new: &[&Cluster],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::UPDATE_CLUSTERS)
        .bind(column(new, |row| row.id.uuid()))
        .bind(column(new, |row| row.display_name.clone()))
        .bind(column(new, |row| map(row.labels.as_map())))
        .bind(column(new, |row| number(row.generation)));
    run_all(connection, changeable(query, new), new.len()).await
}

pub(in crate::postgres) async fn report(
    connection: &mut PgConnection,
    new: &[(ClusterId, &Status, &str)],
) -> Result<(), Failure> {
    let query = sqlx::query(sql::REPORT_CLUSTERS)
        .bind(column(new, |(id, ..)| id.uuid()))
        .bind(column(new, |(_, status, _)| status.phase.as_str()))
        .bind(column(new, |(_, status, _)| number(status.observed)))
        .bind(column(new, |(_, status, _)| Json(conditions(status))))
        .bind(column(new, |(.., version)| (*version).to_owned()));
    run(connection, query).await?;
    Ok(())
}

/// Everything of a cluster, children first; tokens of its tenants are revoked.
pub(in crate::postgres) async fn purge(
    connection: &mut PgConnection,
    id: ClusterId,
    at: Timestamp,
) -> Result<(), Failure> {
    let tokens = sqlx::query(revoke::TOKENS_OF_CLUSTER).bind(time(at));
    run(connection, tokens.bind(id.uuid())).await?;
    for text in [
        sql::CLEAR_GRANTS_OF_CLUSTER,
        sql::CLEAR_WORK_OF_CLUSTER,
        sql::CLEAR_MEMBERS_OF_CLUSTER,
        sql::CLEAR_LABELS_OF_CLUSTER,
        sql::CLEAR_OWNERS_OF_CLUSTER,
        sql::CLEAR_PROJECTS_OF_CLUSTER,
        sql::CLEAR_TENANTS_OF_CLUSTER,
        sql::PURGE_CLUSTER,
    ] {
        run(connection, sqlx::query(text).bind(id.uuid())).await?;
    }
    Ok(())
}
