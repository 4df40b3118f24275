-- The audit log: entries in blocks, one block per transaction, each hash over the one before and its entries.
-- Nothing of it is ever changed: a trigger refuses that to everybody, and the role of a server should besides have no
-- right to it (`revoke update, delete, truncate on audit, audit_blocks from <role>`).

create table audit (
    seq         bigint not null,
    block       bigint not null,
    at          timestamptz not null,
    request     text not null,
    subject     text,
    token_id    uuid,
    action      text not null,
    target_kind text not null,
    target_uid  uuid,
    target_name text not null,
    tenant_id   uuid,
    outcome     text not null,
    code        text not null,
    constraint audit_pkey primary key (seq)
);

create table audit_blocks (
    block    bigint not null,
    first    bigint not null,
    last     bigint not null,
    previous bytea not null,
    hash     bytea not null,
    constraint audit_blocks_pkey primary key (block)
);

-- The end of the chain, locked by each block for the last moment of its transaction.
create table audit_head (
    one      boolean not null default true,
    block    bigint not null,
    first    bigint not null,
    seq      bigint not null,
    previous bytea not null,
    hash     bytea not null,
    constraint audit_head_pkey primary key (one),
    constraint audit_head_one check (one)
) with (fillfactor = 50);
insert into audit_head (block, first, seq, previous, hash)
values (0, 1, 0, '', decode(repeat('00', 32), 'hex'));

create function audit_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is never changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_is_final before update or delete or truncate on audit
    for each statement execute function audit_is_final();
create trigger audit_blocks_are_final before update or delete or truncate on audit_blocks
    for each statement execute function audit_is_final();
