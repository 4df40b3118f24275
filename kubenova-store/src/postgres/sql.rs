//! Every statement, by name. A test prepares each on the migrated schema.

pub(super) mod lock;
pub(super) mod point;
pub(super) mod query;
pub(super) mod queue;
pub(super) mod revoke;
pub(super) mod write;

/// Declares statements, and lists them for the test that prepares each.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(in crate::postgres) const $name: &str = $text;)*

        #[cfg(test)]
        pub(in crate::postgres) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
use statements;

macro_rules! cluster_columns {
    () => {
        "c.id, c.name, c.display_name, c.labels, c.created_at, c.generation, c.identity, c.kubernetes_version, \
         c.proxy_kind, c.proxy_url, c.proxy_ca, c.parts, c.deleting_at, c.orphan, c.phase, c.observed, c.conditions"
    };
}
use cluster_columns;

macro_rules! tenant_columns {
    () => {
        "t.id, t.cluster_id, t.name, t.owners, t.labels, t.annotations, t.quotas, t.limits, t.network, t.created_at, \
         t.generation, t.deleting_at, t.phase, t.observed, t.conditions"
    };
}
use tenant_columns;

macro_rules! project_columns {
    () => {
        "p.id, p.tenant_id, p.tenant_name, p.cluster_id, p.name, p.namespace, p.labels, p.annotations, p.created_at, \
         p.generation, p.deleting_at, p.phase, p.observed, p.conditions"
    };
}
use project_columns;

macro_rules! token_columns {
    () => {
        "k.id, k.subject, k.roles, k.tenant_id, k.projects, k.issued_by, k.created_at, k.expires_at, k.revoked_at"
    };
}
use token_columns;

macro_rules! grant_columns {
    () => {
        "g.id, g.subject, g.issued_by, g.tenant_id, g.project_id, g.role, g.cluster_id, g.endpoint, g.created_at, \
         g.expires_at, g.issued, g.requested_at, g.binding_cut_at, g.secret_gone_at, g.credential_dead_at"
    };
}
use grant_columns;

/// Whether any migration was ever applied.
pub(super) const HAS_SCHEMA: &str = "select to_regclass('_sqlx_migrations') is not null";
/// The version of the schema found.
pub(super) const SCHEMA_VERSION: &str = "select max(version) from _sqlx_migrations where success";

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let lists = [
        lock::ALL,
        point::ALL,
        query::ALL,
        queue::ALL,
        revoke::ALL,
        write::ALL,
    ];
    lists.into_iter().flatten().chain(&[
        ("HAS_SCHEMA", HAS_SCHEMA),
        ("SCHEMA_VERSION", SCHEMA_VERSION),
    ])
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

    /// Every statement fits the schema that the migrations make.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the one setting of these tests")]
    async fn every_statement_prepares_on_the_migrated_schema() {
        let server = std::env::var("KUBENOVA_TEST_DATABASE_URL").expect(
            "KUBENOVA_TEST_DATABASE_URL must name a Postgres role that may create databases",
        );
        let name = format!("kn_prepare_{}", std::process::id());
        let mut admin = PgConnection::connect(&server).await.unwrap();
        for text in ["drop database if exists", "create database"] {
            admin
                .execute(AssertSqlSafe(format!("{text} {name}")))
                .await
                .unwrap();
        }
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        crate::postgres::PgStore::migrate(&url).await.unwrap();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let mut seen = 0;
        for (name, text) in super::all() {
            let prepared = connection.prepare(text.into_sql_str()).await;
            prepared.unwrap_or_else(|err| panic!("{name}: {err}"));
            seen += 1;
        }
        assert!(seen > 60, "{seen} statements");
        connection.close().await.unwrap();
        admin
            .execute(AssertSqlSafe(format!("drop database {name} with (force)")))
            .await
            .unwrap();
    }
}
