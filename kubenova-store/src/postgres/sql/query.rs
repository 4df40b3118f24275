//! Lists and other reads.
//!
//! Lists walk an index in their order from a position on: (name, id), or (creation, id). What a label selector asks is
//! answered here as far as one containment test goes (`$eq`, `$has`, `$lacks`), the rest by the caller.

use super::{
    cluster_columns, grant_columns, project_columns, statements, tenant_columns, token_columns,
};

/// `$1`: pairs that must be among the labels; `$2`: keys that must; `$3`: keys that must not.
macro_rules! selected {
    ($row:literal) => {
        concat!(
            $row,
            ".labels @> $1 and ",
            $row,
            ".labels ?& $2::text[] and not (",
            $row,
            ".labels ?| $3::text[])"
        )
    };
}

/// `$4`, `$5`: the position; `$6`: how many.
macro_rules! from_name {
    ($row:literal) => {
        concat!(
            " and (",
            $row,
            ".name, ",
            $row,
            ".id) > ($4, $5) order by ",
            $row,
            ".name, ",
            $row,
            ".id limit $6"
        )
    };
}

/// The same along the index of labels: `$7` the parent, `$8` and `$9` the label.
macro_rules! along_labels {
    () => {
        " and l.parent_id = $7 and l.key = $8 and l.value = $9 and (l.name, l.row_id) > ($4, $5) \
         order by l.name, l.row_id limit $6"
    };
}

/// `$1`, `$2`: the position; `$3`: how many; `$4`: the subject; `$5`: the moment; `$6`, `$7`: revoked then, expired then.
macro_rules! grants_filtered {
    () => {
        "(g.created_at, g.id) > ($1, $2) and ($4::text is null or g.subject = $4) \
         and ($6::boolean is null or (g.requested_at is not null) = $6) \
         and ($7::boolean is null or (g.expires_at <= $5) = $7) order by g.created_at, g.id limit $3"
    };
}

statements! {
    CLUSTERS = concat!("select ", cluster_columns!(), " from clusters c where ", selected!("c"), from_name!("c"));
    CLUSTER_IDS = "select id from clusters order by name";
    KUBECONFIG = "select kubeconfig from clusters where id = $1";

    TENANTS = concat!(
        "select ", tenant_columns!(), " from tenants t where ", selected!("t"),
        " and ($7::text is null or t.owners ? $7)", from_name!("t"),
    );
    TENANTS_OF_CLUSTER = concat!(
        "select ", tenant_columns!(), " from tenants t where ", selected!("t"), " and t.cluster_id = $7", from_name!("t"),
    );
    TENANTS_BY_LABEL = concat!(
        "select ", tenant_columns!(), " from labels l join tenants t on t.id = l.row_id where ", selected!("t"),
        " and ($10::text is null or t.owners ? $10)", along_labels!(),
    );
    TENANTS_BY_OWNER = concat!(
        "select ", tenant_columns!(), " from owners o join tenants t on t.id = o.tenant_id where ", selected!("t"),
        " and o.cluster_id = $7 and o.subject = $8 and (o.name, o.tenant_id) > ($4, $5)",
        " order by o.name, o.tenant_id limit $6",
    );
    /// Of that name on any cluster.
    TENANTS_NAMED = concat!("select ", tenant_columns!(), " from tenants t where t.name = $1 order by t.id limit 10");

    PROJECTS_OF_TENANT = concat!(
        "select ", project_columns!(), " from projects p where ", selected!("p"), " and p.tenant_id = $7", from_name!("p"),
    );
    PROJECTS_BY_LABEL = concat!(
        "select ", project_columns!(), " from labels l join projects p on p.id = l.row_id where ", selected!("p"),
        along_labels!(),
    );
    PROJECTS_AMONG = concat!(
        "select ", project_columns!(), " from projects p where ", selected!("p"),
        " and p.tenant_id = $7 and p.id = any($8)", from_name!("p"),
    );
    /// Of that name in any tenant, or in those of that name (`$2`), anywhere or on one cluster (`$3`).
    PROJECTS_NAMED = concat!(
        "select ", project_columns!(), " from projects p where p.name = $1",
        " and ($2::text is null or p.tenant_name = $2) and ($3::uuid is null or p.cluster_id = $3)",
        " order by p.id limit 10",
    );
    MEMBERS = "select subject, kind, role from members where project_id = $1";
    /// Kubeconfigs that open a project and are not cut.
    OPENING = concat!(
        "select ", grant_columns!(), " from projects p join grants g on g.tenant_id = p.tenant_id",
        " where p.id = $1 and g.binding_cut_at is null and (g.project_id is null or g.project_id = p.id)",
        " order by g.created_at, g.id",
    );

    TOKENS = concat!(
        "select ", token_columns!(), ", null::uuid as cluster_id from tokens k",
        " where (k.created_at, k.id) > ($1, $2) order by k.created_at, k.id limit $3",
    );
    TOKENS_OF_TENANT = concat!(
        "select ", token_columns!(), ", null::uuid as cluster_id from tokens k",
        " where k.tenant_id = $4 and (k.created_at, k.id) > ($1, $2) order by k.created_at, k.id limit $3",
    );
    /// The commit comes after the moment that was noted: ten seconds are more than a transaction may last.
    REVOKED_WITHIN = "select id from tokens where revoked_seen >= now() - make_interval(secs => $1 + 10)";
    HAS_ADMIN = "select exists (select from tokens where roles ? 'admin' and revoked_at is null and expires_at > $1)";

    GRANT = concat!("select ", grant_columns!(), " from grants g where g.id = $1");
    GRANTS = concat!("select ", grant_columns!(), " from grants g where ", grants_filtered!());
    GRANTS_OF_TENANT = concat!("select ", grant_columns!(), " from grants g where g.tenant_id = $8 and ", grants_filtered!());
    GRANTS_OF_PROJECT = concat!(
        "select ", grant_columns!(), " from grants g where g.project_id = $8 and ($9::uuid is null or g.tenant_id = $9) and ",
        grants_filtered!(),
    );
}
