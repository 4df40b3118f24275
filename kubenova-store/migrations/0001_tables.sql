-- Rows of the aggregates, what lists are driven by, the work set and the audit log.
-- Every constraint has a name: the store reads refusals off them. Names sort by bytes, as they do in memory.

create table clusters (
    id                 uuid not null,
    name               text collate "C" not null,
    display_name       text not null,
    labels             jsonb not null,
    created_at         timestamptz not null,
    generation         bigint not null,
    identity           text collate "C" not null,
    kubernetes_version text not null,
    proxy_kind         text,
    proxy_url          text,
    proxy_ca           text,
    parts              jsonb not null,
    deleting_at        timestamptz,
    orphan             boolean not null default false,
    phase              text not null,
    observed           bigint not null,
    conditions         jsonb not null,
    kubeconfig         bytea not null,
    constraint clusters_pkey primary key (id),
    constraint clusters_name_key unique (name),
    constraint clusters_identity_key unique (identity)
);

create table tenants (
    id          uuid not null,
    cluster_id  uuid not null,
    name        text collate "C" not null,
    owners      jsonb not null,
    labels      jsonb not null,
    annotations jsonb not null,
    created_at  timestamptz not null,
    generation  bigint not null,
    deleting_at timestamptz,
    phase       text not null,
    observed    bigint not null,
    conditions  jsonb not null,
    constraint tenants_pkey primary key (id),
    constraint tenants_name_key unique (cluster_id, name),
    constraint tenants_cluster_fkey foreign key (cluster_id) references clusters (id)
) with (fillfactor = 85);
create index tenants_by_name on tenants (name, id);

create table projects (
    id          uuid not null,
    tenant_id   uuid not null,
    tenant_name text collate "C" not null,
    cluster_id  uuid not null,
    name        text collate "C" not null,
    namespace   text collate "C" not null,
    labels      jsonb not null,
    annotations jsonb not null,
    created_at  timestamptz not null,
    generation  bigint not null,
    deleting_at timestamptz,
    phase       text not null,
    observed    bigint not null,
    conditions  jsonb not null,
    constraint projects_pkey primary key (id),
    constraint projects_name_key unique (tenant_id, name),
    constraint projects_namespace_key unique (cluster_id, namespace),
    constraint projects_tenant_fkey foreign key (tenant_id) references tenants (id)
) with (fillfactor = 85);
create index projects_by_name on projects (name, id);

create table members (
    project_id uuid not null,
    subject    text collate "C" not null,
    kind       text not null,
    role       text not null,
    constraint members_pkey primary key (project_id, subject, kind, role),
    constraint members_project_fkey foreign key (project_id) references projects (id)
);

-- What lists by label and by owner walk, in list order. Derived from the rows by the statements that write them.
-- The parent of a tenant is its cluster, of a project its tenant; clusters have none (the nil uuid).
create table labels (
    parent_id uuid not null,
    key       text collate "C" not null,
    value     text collate "C" not null,
    name      text collate "C" not null,
    row_id    uuid not null,
    constraint labels_pkey primary key (parent_id, key, value, name, row_id)
);
create index labels_by_row on labels (row_id);

create table owners (
    cluster_id uuid not null,
    subject    text collate "C" not null,
    name       text collate "C" not null,
    tenant_id  uuid not null,
    constraint owners_pkey primary key (cluster_id, subject, name, tenant_id)
);
create index owners_by_tenant on owners (tenant_id);

-- Issued credentials are history: they refer to rows that may be gone.
create table tokens (
    id           uuid not null,
    subject      text collate "C" not null,
    roles        jsonb not null,
    tenant_id    uuid,
    projects     jsonb,
    project_id   uuid, -- the one project, if the token is narrowed to it and nothing else
    issued_by    text not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    revoked_seen timestamptz,
    constraint tokens_pkey primary key (id)
);
create index tokens_in_order on tokens (created_at, id);
create index tokens_of_tenant on tokens (tenant_id, created_at, id);
create index tokens_of_project on tokens (project_id) where project_id is not null;
create index tokens_revoked on tokens (revoked_seen) where revoked_seen is not null;
create index tokens_of_admins on tokens (expires_at) where roles ? 'admin' and revoked_at is null;

create table grants (
    id                 uuid not null,
    subject            text collate "C" not null,
    issued_by          text not null,
    tenant_id          uuid not null,
    project_id         uuid,
    role               text not null,
    cluster_id         uuid not null,
    endpoint           text not null,
    created_at         timestamptz not null,
    expires_at         timestamptz not null,
    issued             boolean not null,
    requested_at       timestamptz,
    binding_cut_at     timestamptz,
    secret_gone_at     timestamptz,
    credential_dead_at timestamptz,
    constraint grants_pkey primary key (id)
);
create index grants_in_order on grants (created_at, id);
create index grants_of_tenant on grants (tenant_id, created_at, id);
create index grants_of_project on grants (project_id, created_at, id) where project_id is not null;
create index grants_uncut on grants (tenant_id) where binding_cut_at is null;
create index grants_of_cluster on grants (cluster_id);

create sequence work_tickets;

create table work (
    kind        text not null,
    id          uuid not null,
    cluster_id  uuid not null,
    ticket      bigint not null,
    due_at      timestamptz not null,
    failures    integer not null default 0,
    lease       uuid,
    lease_until timestamptz,
    constraint work_pkey primary key (kind, id)
) with (fillfactor = 70);
create index work_free on work (cluster_id, due_at) where lease is null;
create index work_held on work (lease_until) where lease is not null;
