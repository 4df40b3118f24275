//! Revocations: the same change with every way to name what is revoked.

use super::queue::asked_again;
use super::statements;

macro_rules! tokens {
    ($which:literal) => {
        concat!(
            "update tokens set revoked_at = $1, revoked_seen = clock_timestamp() where revoked_at is null and ",
            $which
        )
    };
}

/// Answers a row per grant whose work is asked for.
macro_rules! grants {
    ($which:literal) => {
        concat!(
            "with g as (update grants set requested_at = $1 where requested_at is null and ", $which,
            " returning id, cluster_id) insert into work as w (kind, id, cluster_id, ticket, due_at)",
            " select 'grant', id, cluster_id, nextval('work_tickets'), now() from g order by id",
            asked_again!(),
        )
    };
}

statements! {
    /// `$1` ids, `$2` times.
    TOKENS = "update tokens t set revoked_at = k.at, revoked_seen = clock_timestamp() \
              from unnest($1::uuid[], $2::timestamptz[]) as k(id, at) where t.id = k.id and t.revoked_at is null";
    TOKENS_OF_TENANT = tokens!("tenant_id = $2");
    TOKENS_OF_PROJECT = tokens!("project_id = $2");
    TOKENS_OF_SUBJECT_IN_TENANT = tokens!("tenant_id = $2 and subject = $3");
    TOKENS_OF_SUBJECT_IN_PROJECT = tokens!(
        "tenant_id = (select tenant_id from projects where id = $2) and subject = $3 \
         and projects @> jsonb_build_array($2::text)"
    );
    TOKENS_OF_CLUSTER = tokens!("tenant_id in (select id from tenants where cluster_id = $2)");
    /// `$1` ids, `$2` times.
    GRANTS = concat!(
        "with g as (update grants g set requested_at = k.at from unnest($1::uuid[], $2::timestamptz[]) as k(id, at)",
        " where g.id = k.id and g.requested_at is null returning g.id, g.cluster_id)",
        " insert into work as w (kind, id, cluster_id, ticket, due_at)",
        " select 'grant', id, cluster_id, nextval('work_tickets'), now() from g order by id",
        asked_again!(),
    );
    GRANTS_OF_TENANT = grants!("tenant_id = $2");
    GRANTS_OF_PROJECT = grants!("project_id = $2");
    GRANTS_OF_SUBJECT_IN_TENANT = grants!("tenant_id = $2 and subject = $3");
    GRANTS_OF_SUBJECT_IN_PROJECT = grants!("project_id = $2 and subject = $3");
}
