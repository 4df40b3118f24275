//! The work set. Times are the database's: microseconds from now on come in as numbers.

use super::statements;

/// Asking again: a new ticket, the earlier time, failures forgotten.
macro_rules! asked_again {
    () => {
        " on conflict on constraint work_pkey do update set ticket = excluded.ticket, cluster_id = excluded.cluster_id, \
         due_at = least(w.due_at, excluded.due_at), failures = 0"
    };
}
pub(super) use asked_again;

statements! {
    /// `$1` kinds, `$2` ids, `$3` clusters, `$4` microseconds; each item once, in order.
    ASK = concat!(
        "insert into work as w (kind, id, cluster_id, ticket, due_at)",
        " select kind, id, cluster_id, nextval('work_tickets'), now() + after * interval '1 microsecond'",
        " from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[]) as k(kind, id, cluster_id, after)",
        asked_again!(),
    );
    /// `$1` one cluster or all; `$2` microseconds to spread over.
    ASK_EVERYTHING = concat!(
        "insert into work as w (kind, id, cluster_id, ticket, due_at)",
        " select kind, id, cluster_id, nextval('work_tickets'),",
        " now() + ($2::bigint * (row_number() over () - 1) / count(*) over ()) * interval '1 microsecond'",
        " from (select 'cluster', id, id from clusters",
        " union all select 'tenant', id, cluster_id from tenants",
        " union all select 'project', id, cluster_id from projects",
        " union all select 'grant', id, cluster_id from grants where credential_dead_at is null) as k(kind, id, cluster_id)",
        " where $1::uuid is null or cluster_id = $1 order by kind, id",
        asked_again!(),
    );
    /// What lost its lease is free again.
    EXPIRE = "update work set lease = null, lease_until = null, due_at = least(due_at, lease_until) \
              where (kind, id) in (select kind, id from work where lease is not null and lease_until <= now() for update skip locked) \
              and lease is not null and lease_until <= now()";
    /// `$1` lease, `$2` microseconds, `$3` limit, `$4` share of a cluster, `$5` and `$6` clusters with another share.
    /// Clusters with work are found by hopping along the index, so that one with much work does not hide the others.
    CLAIM = "with recursive hop as ( \
             (select cluster_id from work where lease is null order by cluster_id limit 1) \
             union all select (select w.cluster_id from work w where w.lease is null and w.cluster_id > h.cluster_id \
                               order by w.cluster_id limit 1) from hop h where h.cluster_id is not null), \
             room as (select h.cluster_id, coalesce(k.places, $4) as places from hop h \
                      left join unnest($5::uuid[], $6::bigint[]) as k(cluster_id, places) on k.cluster_id = h.cluster_id \
                      where h.cluster_id is not null), \
             due as materialized (select w.kind, w.id, w.due_at from room r cross join lateral ( \
                     select kind, id, due_at from work where cluster_id = r.cluster_id and lease is null and due_at <= now() \
                     order by due_at limit r.places for update skip locked) w order by w.due_at limit $3) \
             update work w set lease = $1, lease_until = now() + $2 * interval '1 microsecond', \
                    due_at = now() + $2 * interval '1 microsecond' \
             from due d where w.kind = d.kind and w.id = d.id \
             returning w.kind, w.id, w.cluster_id, w.ticket, w.failures, d.due_at as was_due";
    /// `$1` kinds, `$2` ids, `$3` tickets, `$4` leases, `$5` microseconds; answers the places (from 1) of those that hold.
    /// The rows are locked in the order in which requests for work lock them.
    EXTEND = "with asked as materialized ( \
                  select w.kind, w.id, k.ticket, k.place from work w \
                  join unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[]) with ordinality as k(kind, id, ticket, lease, place) \
                  on w.kind = k.kind and w.id = k.id and w.lease = k.lease \
                  where w.lease_until > now() order by w.kind, w.id for update of w) \
              update work w set lease_until = now() + $5 * interval '1 microsecond', \
                     due_at = case when w.ticket = a.ticket then now() + $5 * interval '1 microsecond' else w.due_at end \
              from asked a where w.kind = a.kind and w.id = a.id returning a.place";
    /// The request was carried out.
    DONE = "delete from work where kind = $1 and id = $2 and ticket = $3 and lease = $4";
    /// `$5` microseconds, `$6` whether it failed.
    LATER = "update work set lease = null, lease_until = null, due_at = now() + $5 * interval '1 microsecond', \
             failures = case when $6 then failures + 1 else 0 end \
             where kind = $1 and id = $2 and ticket = $3 and lease = $4";
    /// Somebody asked again meanwhile: only the lease goes.
    GIVE_BACK = "update work set lease = null, lease_until = null where kind = $1 and id = $2 and lease = $3";
    /// Microseconds until something is due or free.
    NEXT_DUE = "select (extract(epoch from least( \
                (select min(f.due_at) from ( \
                    with recursive hop as ( \
                        (select cluster_id from work where lease is null order by cluster_id limit 1) \
                        union all select (select w.cluster_id from work w where w.lease is null and w.cluster_id > h.cluster_id \
                                          order by w.cluster_id limit 1) from hop h where h.cluster_id is not null) \
                    select (select w.due_at from work w where w.cluster_id = h.cluster_id and w.lease is null \
                            order by w.due_at limit 1) as due_at from hop h where h.cluster_id is not null) f), \
                (select min(lease_until) from work where lease is not null)) - now()) * 1000000)::bigint";
    NOTIFY = "select pg_notify('kubenova_work', $1)";
}
