//! Writes of rows: sets of them, as arrays.

use super::queue::asked_again;
use super::statements;

statements! {
    INSERT_CLUSTERS = "insert into clusters (id, name, display_name, labels, created_at, generation, identity, \
        kubernetes_version, proxy_kind, proxy_url, proxy_ca, parts, deleting_at, orphan, phase, observed, conditions, kubeconfig) \
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::bigint[], $7::text[], \
        $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[], $13::timestamptz[], $14::boolean[], $15::text[], \
        $16::bigint[], $17::jsonb[], $18::bytea[])";
    UPDATE_CLUSTERS = "update clusters c set display_name = k.display_name, labels = k.labels, generation = k.generation, \
        proxy_kind = k.proxy_kind, proxy_url = k.proxy_url, proxy_ca = k.proxy_ca, parts = k.parts, \
        deleting_at = k.deleting_at, orphan = k.orphan \
        from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::jsonb[], \
        $9::timestamptz[], $10::boolean[]) as k(id, display_name, labels, generation, proxy_kind, proxy_url, proxy_ca, parts, \
        deleting_at, orphan) where c.id = k.id and c.generation = k.generation - 1";
    REPORT_CLUSTERS = "update clusters c set phase = k.phase, observed = k.observed, conditions = k.conditions, \
        kubernetes_version = k.version from unnest($1::uuid[], $2::text[], $3::bigint[], $4::jsonb[], $5::text[]) \
        as k(id, phase, observed, conditions, version) where c.id = k.id and c.observed <= k.observed";

    INSERT_TENANTS = "insert into tenants (id, cluster_id, name, owners, labels, annotations, quotas, limits, network, \
        created_at, generation, deleting_at, phase, observed, conditions) \
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::jsonb[], \
        $8::jsonb[], $9::jsonb[], $10::timestamptz[], $11::bigint[], $12::timestamptz[], $13::text[], $14::bigint[], \
        $15::jsonb[])";
    UPDATE_TENANTS = "update tenants t set owners = k.owners, labels = k.labels, annotations = k.annotations, \
        quotas = k.quotas, limits = k.limits, network = k.network, generation = k.generation, deleting_at = k.deleting_at \
        from unnest($1::uuid[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::jsonb[], $8::bigint[], \
        $9::timestamptz[]) \
        as k(id, owners, labels, annotations, quotas, limits, network, generation, deleting_at) \
        where t.id = k.id and t.generation = k.generation - 1";
    REPORT_TENANTS = "update tenants t set phase = k.phase, observed = k.observed, conditions = k.conditions \
        from unnest($1::uuid[], $2::text[], $3::bigint[], $4::jsonb[]) as k(id, phase, observed, conditions) \
        where t.id = k.id and t.observed <= k.observed";

    INSERT_PROJECTS = "insert into projects (id, tenant_id, tenant_name, cluster_id, name, namespace, labels, annotations, \
        created_at, generation, deleting_at, phase, observed, conditions) \
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], \
        $9::timestamptz[], $10::bigint[], $11::timestamptz[], $12::text[], $13::bigint[], $14::jsonb[])";
    UPDATE_PROJECTS = "update projects p set labels = k.labels, annotations = k.annotations, generation = k.generation, \
        deleting_at = k.deleting_at from unnest($1::uuid[], $2::jsonb[], $3::jsonb[], $4::bigint[], $5::timestamptz[]) \
        as k(id, labels, annotations, generation, deleting_at) where p.id = k.id and p.generation = k.generation - 1";
    REPORT_PROJECTS = "update projects p set phase = k.phase, observed = k.observed, conditions = k.conditions \
        from unnest($1::uuid[], $2::text[], $3::bigint[], $4::jsonb[]) as k(id, phase, observed, conditions) \
        where p.id = k.id and p.observed <= k.observed";
    /// `$1` tenant, `$2` when.
    DELETE_PROJECTS_OF = concat!(
        "with p as (update projects set deleting_at = $2, generation = generation + 1",
        " where tenant_id = $1 and deleting_at is null returning id, cluster_id)",
        " insert into work as w (kind, id, cluster_id, ticket, due_at)",
        " select 'project', id, cluster_id, nextval('work_tickets'), now() from p order by id",
        asked_again!(),
    );

    CLEAR_MEMBERS = "delete from members where project_id = any($1)";
    INSERT_MEMBERS = "insert into members (project_id, subject, kind, role) \
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])";
    CLEAR_LABELS = "delete from labels where row_id = any($1)";
    INSERT_LABELS = "insert into labels (parent_id, key, value, name, row_id) \
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[])";
    /// Of rows that exist: parent and name come from them.
    INSERT_LABELS_OF_TENANTS = "insert into labels (parent_id, key, value, name, row_id) \
        select t.cluster_id, k.key, k.value, t.name, t.id from unnest($1::uuid[], $2::text[], $3::text[]) as k(id, key, value) \
        join tenants t on t.id = k.id";
    INSERT_LABELS_OF_PROJECTS = "insert into labels (parent_id, key, value, name, row_id) \
        select p.tenant_id, k.key, k.value, p.name, p.id from unnest($1::uuid[], $2::text[], $3::text[]) as k(id, key, value) \
        join projects p on p.id = k.id";
    CLEAR_OWNERS = "delete from owners where tenant_id = any($1)";
    INSERT_OWNERS = "insert into owners (cluster_id, subject, name, tenant_id) \
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[])";
    INSERT_OWNERS_OF_TENANTS = "insert into owners (cluster_id, subject, name, tenant_id) \
        select t.cluster_id, k.subject, t.name, t.id from unnest($1::uuid[], $2::text[]) as k(id, subject) \
        join tenants t on t.id = k.id";

    INSERT_TOKENS = "insert into tokens (id, subject, roles, tenant_id, projects, project_id, issued_by, created_at, \
        expires_at, revoked_at) \
        select * from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::uuid[], $5::jsonb[], $6::uuid[], $7::text[], \
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])";
    INSERT_GRANTS = "insert into grants (id, subject, issued_by, tenant_id, project_id, role, cluster_id, endpoint, created_at, \
        expires_at, issued, requested_at, binding_cut_at, secret_gone_at, credential_dead_at) \
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], \
        $9::timestamptz[], $10::timestamptz[], $11::boolean[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], \
        $15::timestamptz[])";
    UPDATE_GRANTS = "update grants g set expires_at = k.expires_at, issued = g.issued or k.issued, \
        requested_at = coalesce(g.requested_at, k.requested_at), binding_cut_at = coalesce(g.binding_cut_at, k.binding_cut_at), \
        secret_gone_at = coalesce(g.secret_gone_at, k.secret_gone_at), \
        credential_dead_at = coalesce(g.credential_dead_at, k.credential_dead_at) \
        from unnest($1::uuid[], $2::timestamptz[], $3::boolean[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], \
        $7::timestamptz[]) as k(id, expires_at, issued, requested_at, binding_cut_at, secret_gone_at, credential_dead_at) \
        where g.id = k.id";

    PURGE_GRANTS = "delete from grants where id = any($1)";
    PURGE_PROJECTS = "delete from projects where id = any($1)";
    PURGE_TENANT = "delete from tenants where id = $1";
    PURGE_CLUSTER = "delete from clusters where id = $1";
    CLEAR_GRANTS_OF_CLUSTER = "delete from grants where cluster_id = $1";
    CLEAR_WORK_OF_CLUSTER = "delete from work where cluster_id = $1";
    CLEAR_MEMBERS_OF_CLUSTER = "delete from members m using projects p where p.cluster_id = $1 and m.project_id = p.id";
    CLEAR_LABELS_OF_CLUSTER = "delete from labels where row_id = $1 or row_id in (select id from tenants where cluster_id = $1) \
        or row_id in (select id from projects where cluster_id = $1)";
    CLEAR_OWNERS_OF_CLUSTER = "delete from owners where cluster_id = $1";
    CLEAR_PROJECTS_OF_CLUSTER = "delete from projects where cluster_id = $1";
    CLEAR_TENANTS_OF_CLUSTER = "delete from tenants where cluster_id = $1";

    /// One block: `$1` how many entries, `$2` the bytes its hash covers, then the entries. The head of the chain is locked
    /// by this statement, which is the last before the commit.
    INSERT_AUDIT = "with head as (update audit_head set previous = hash, first = seq + 1, block = block + 1, seq = seq + $1, \
        hash = sha256(hash || $2) returning block, first, seq, previous, hash), \
        sealed as (insert into audit_blocks (block, first, last, previous, hash) select block, first, seq, previous, hash from head) \
        insert into audit (seq, block, at, request, subject, token_id, action, target_kind, target_uid, target_name, tenant_id, \
        outcome, code) \
        select h.first + k.n - 1, h.block, k.at, k.request, k.subject, k.token_id, k.action, k.target_kind, k.target_uid, \
        k.target_name, k.tenant_id, k.outcome, k.code from head h, \
        unnest($3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::uuid[], $10::text[], \
        $11::uuid[], $12::text[], $13::text[]) with ordinality \
        as k(at, request, subject, token_id, action, target_kind, target_uid, target_name, tenant_id, outcome, code, n)";
}
