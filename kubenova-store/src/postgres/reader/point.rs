//! The kinds of point reads: their keys, their statements, their rows.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::TokenLookup;

use super::Key;
use crate::postgres::row::Row;
use crate::postgres::row::cluster::ClusterRow;
use crate::postgres::row::credential::TokenRow;
use crate::postgres::row::project::ProjectRow;
use crate::postgres::row::tenant::TenantRow;
use crate::postgres::sql::point as sql;

type Query<R> = QueryAs<'static, Postgres, R, PgArguments>;

/// One kind.
pub(super) trait Point: 'static {
    type Key: Key;
    type Row: Row<Value = Self::Value>;
    type Value: Clone + Send;

    /// The statement with its keys.
    fn query(keys: &[Self::Key]) -> Query<Self::Row>;

    /// The key that found this row.
    fn key(row: &Self::Row) -> Self::Key;
}

macro_rules! point {
    ($name:ident, $key:ty, $row:ty => $value:ty, $sql:expr, $bind:expr, $key_of:expr) => {
        pub(super) struct $name;

        impl Point for $name {
            type Key = $key;
            type Row = $row;
            type Value = $value;

            fn query(keys: &[$key]) -> Query<$row> {
                let bind: fn(Query<$row>, &[$key]) -> Query<$row> = $bind;
                bind(sqlx::query_as($sql), keys)
            }

            fn key(row: &$row) -> $key {
                let key_of: fn(&$row) -> $key = $key_of;
                key_of(row)
            }
        }
    };
}

/// Two arrays of the halves of pairs.
fn halves(keys: &[(Uuid, String)]) -> (Vec<Uuid>, Vec<String>) {
    keys.iter().cloned().unzip()
}

point!(ClusterById, Uuid, ClusterRow => Cluster, sql::CLUSTERS_BY_ID, |q, keys| q.bind(keys.to_vec()), |row| row.id);
point!(ClusterByName, String, ClusterRow => Cluster, sql::CLUSTERS_BY_NAME, |q, keys| q.bind(keys.to_vec()), |row| row.name.clone());
point!(TenantById, Uuid, TenantRow => Tenant, sql::TENANTS_BY_ID, |q, keys| q.bind(keys.to_vec()), |row| row.id);
point!(TenantByName, (Uuid, String), TenantRow => Tenant, sql::TENANTS_BY_NAME, |q, keys| {
    let (clusters, names) = halves(keys);
    q.bind(clusters).bind(names)
}, |row| (row.cluster_id, row.name.clone()));
point!(ProjectById, Uuid, ProjectRow => Project, sql::PROJECTS_BY_ID, |q, keys| q.bind(keys.to_vec()), |row| row.id);
point!(ProjectByName, (Uuid, String), ProjectRow => Project, sql::PROJECTS_BY_NAME, |q, keys| {
    let (tenants, names) = halves(keys);
    q.bind(tenants).bind(names)
}, |row| (row.tenant_id, row.name.clone()));
point!(TokenById, Uuid, TokenRow => TokenLookup, sql::TOKENS_BY_ID, |q, keys| q.bind(keys.to_vec()), |row| row.id);
