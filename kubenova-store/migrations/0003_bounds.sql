-- What bounds a tenant: three parts of intent, each replaced as a whole. Empty sets nothing.
-- Constant defaults: no table is rewritten, and a process of the version before goes on writing rows without them.

alter table tenants
    add column quotas  jsonb not null default '{}',
    add column limits  jsonb not null default '{}',
    add column network jsonb not null default '{}';
