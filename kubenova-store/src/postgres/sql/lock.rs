//! Locks and preconditions. Rows are locked in id order, parents before children, work last.

use super::statements;

statements! {
    /// Rows that take something new: a deletion of one of them waits, and is waited for.
    SHARE_CLUSTERS = "select id, deleting_at from clusters where id = any($1) order by id for key share";
    SHARE_TENANTS = "select id, deleting_at from tenants where id = any($1) order by id for key share";
    SHARE_PROJECTS = "select id, deleting_at from projects where id = any($1) order by id for key share";
    /// Rows whose intent changes, or which must be empty.
    LOCK_CLUSTERS = "select id from clusters where id = any($1) order by id for update";
    LOCK_TENANTS = "select id from tenants where id = any($1) order by id for update";
    LOCK_PROJECTS = "select id from projects where id = any($1) order by id for update";
    /// Rows that are reported on.
    TOUCH_CLUSTERS = "select id from clusters where id = any($1) order by id for no key update";
    TOUCH_TENANTS = "select id from tenants where id = any($1) order by id for no key update";
    TOUCH_PROJECTS = "select id from projects where id = any($1) order by id for no key update";
    /// Which of these clusters have tenants.
    WITH_TENANTS = "select k.id from unnest($1::uuid[]) as k(id) where exists (select from tenants t where t.cluster_id = k.id)";
    /// Which of these tenants have projects.
    WITH_PROJECTS = "select k.id from unnest($1::uuid[]) as k(id) where exists (select from projects p where p.tenant_id = k.id)";
    /// Which of these tenants have as many projects as they may have.
    FULL = "select k.id from unnest($1::uuid[], $2::bigint[]) as k(id, most) \
            where (select count(*) from projects p where p.tenant_id = k.id) >= k.most";
    /// Of these leases, those that hold; their items stay with them until the end.
    HELD = "select w.kind, w.id, w.lease from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(kind, id, lease) \
            join work w on w.kind = k.kind and w.id = k.id \
            where w.lease = k.lease and w.lease_until > clock_timestamp() order by w.kind, w.id for no key update of w";
}
