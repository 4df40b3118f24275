//! Point reads: many keys at once.

use super::{cluster_columns, project_columns, statements, tenant_columns, token_columns};

statements! {
    CLUSTERS_BY_ID = concat!("select ", cluster_columns!(), " from clusters c where c.id = any($1)");
    CLUSTERS_BY_NAME = concat!("select ", cluster_columns!(), " from clusters c where c.name = any($1)");
    TENANTS_BY_ID = concat!("select ", tenant_columns!(), " from tenants t where t.id = any($1)");
    TENANTS_BY_NAME = concat!(
        "select ", tenant_columns!(),
        " from unnest($1::uuid[], $2::text[]) as k(cluster_id, name)",
        " join tenants t on t.cluster_id = k.cluster_id and t.name = k.name",
    );
    PROJECTS_BY_ID = concat!("select ", project_columns!(), " from projects p where p.id = any($1)");
    PROJECTS_BY_NAME = concat!(
        "select ", project_columns!(),
        " from unnest($1::uuid[], $2::text[]) as k(tenant_id, name)",
        " join projects p on p.tenant_id = k.tenant_id and p.name = k.name",
    );
    /// With the cluster of the token's tenant.
    TOKENS_BY_ID = concat!(
        "select ", token_columns!(), ", t.cluster_id",
        " from tokens k left join tenants t on t.id = k.tenant_id where k.id = any($1)",
    );
}
