//! What a change set touches: two that touch one row do not meet in a transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use uuid::Uuid;

use kubenova_core::change::{ChangeSet, Require, Revoke, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Table {
    Cluster,
    Tenant,
    Project,
    Token,
    Grant,
}

/// Rows by id, and whether they are written. Ids are unique over all tables, but typed all the same.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    rows: HashMap<(Table, Uuid), bool>,
    wide: bool,
}

impl Footprint {
    pub(super) fn of(changes: &ChangeSet) -> Self {
        let mut out = Self::default();
        for require in &changes.requires {
            out.require(require);
        }
        for write in &changes.writes {
            out.write(write);
        }
        out
    }

    /// Whether it touches rows that nobody has listed, or a row in several steps whose order matters: then it is written
    /// alone, step by step.
    pub(super) const fn is_wide(&self) -> bool {
        self.wide
    }

    /// Adds another one, unless the two touch one row.
    pub(super) fn join(&mut self, other: Self) -> bool {
        let clash = |(row, written): (&(Table, Uuid), &bool)| {
            self.rows.get(row).is_some_and(|mine| *mine || *written)
        };
        if self.wide || other.wide || other.rows.iter().any(clash) {
            return false;
        }
        for (row, written) in other.rows {
            *self.rows.entry(row).or_default() |= written;
        }
        true
    }

    fn reads(&mut self, table: Table, id: Uuid) {
        self.rows.entry((table, id)).or_default();
    }

    fn writes(&mut self, table: Table, id: Uuid) {
        match self.rows.entry((table, id)) {
            Entry::Occupied(mut row) => self.wide |= row.insert(true),
            Entry::Vacant(row) => drop(row.insert(true)),
        }
    }

    fn require(&mut self, require: &Require) {
        match require {
            Require::ClusterAccepts(id) => self.reads(Table::Cluster, id.uuid()),
            Require::TenantAccepts(id) => self.reads(Table::Tenant, id.uuid()),
            Require::ProjectAccepts(id) => self.reads(Table::Project, id.uuid()),
            // Counted under a lock, so that each creation sees the one before it.
            Require::RoomForProject(..) => self.wide = true,
            // What must be empty gets nothing in the same transaction.
            Require::NoTenants(_) | Require::NoProjects(_) => self.wide = true,
            Require::Holds(_) => {}
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::InsertCluster(row, _) => self.writes(Table::Cluster, row.id.uuid()),
            Write::UpdateCluster(row) => self.writes(Table::Cluster, row.id.uuid()),
            Write::ClusterStatus(id, ..) => self.writes(Table::Cluster, id.uuid()),
            Write::InsertTenant(row) => {
                self.reads(Table::Cluster, row.cluster.uuid());
                self.writes(Table::Tenant, row.id.uuid());
            }
            Write::UpdateTenant(row) => self.writes(Table::Tenant, row.id.uuid()),
            Write::TenantStatus(id, _) => self.writes(Table::Tenant, id.uuid()),
            Write::InsertProject(row) => {
                self.reads(Table::Tenant, row.tenant.uuid());
                self.writes(Table::Project, row.id.uuid());
            }
            Write::UpdateProject(row) => self.writes(Table::Project, row.id.uuid()),
            // Goes with an update of its project, which comes first.
            Write::SetMembers(id, _) => drop(self.rows.insert((Table::Project, id.uuid()), true)),
            Write::ProjectStatus(id, _) => self.writes(Table::Project, id.uuid()),
            Write::PurgeProject(id, _) => self.writes(Table::Project, id.uuid()),
            Write::InsertToken(row) => self.writes(Table::Token, row.id.uuid()),
            Write::InsertGrant(row) => self.writes(Table::Grant, row.id.uuid()),
            Write::UpdateGrant(row) => self.writes(Table::Grant, row.id.uuid()),
            Write::PurgeGrant(id) => self.writes(Table::Grant, id.uuid()),
            Write::RevokeTokens(Revoke::Token(id), _) => self.writes(Table::Token, id.uuid()),
            Write::RevokeGrants(Revoke::Grant(id), _) => self.writes(Table::Grant, id.uuid()),
            Write::RevokeTokens(Revoke::Grant(_), _) | Write::RevokeGrants(Revoke::Token(_), _) => {
            }
            Write::PurgeCluster(..)
            | Write::PurgeTenant(..)
            | Write::DeleteProjectsOf(..)
            | Write::RevokeTokens(..)
            | Write::RevokeGrants(..) => self.wide = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use kubenova_core::testing::build::{a_project, a_tenant};
    use kubenova_core::testing::clock::at;
    use kubenova_core::value::{ClusterId, TenantId};

    use super::*;

    fn of(writes: impl IntoIterator<Item = Write>) -> Footprint {
        let mut changes = ChangeSet::new();
        changes.writes.extend(writes);
        Footprint::of(&changes)
    }

    fn create(n: u128) -> Write {
        Write::InsertTenant(Box::new(a_tenant().nth(n).build()))
    }

    fn update(n: u128) -> Write {
        Write::UpdateTenant(Box::new(a_tenant().nth(n).build()))
    }

    #[test]
    fn strangers_meet_and_neighbours_do_not() {
        let mut all = of([create(1)]);
        assert!(all.join(of([create(2)])), "both only read their cluster");
        assert!(!all.join(of([update(2)])));
        assert!(!all.join(of([
            create(3),
            Write::InsertProject(Box::new(a_project().build()))
        ])));
        let deletion = ChangeSet::new().require(Require::NoTenants(ClusterId::nth(1)));
        assert!(!all.join(Footprint::of(&deletion)));
        assert!(all.join(of([update(4)])));
    }

    #[test]
    fn what_touches_unlisted_rows_goes_alone() {
        let wide = [
            of([Write::DeleteProjectsOf(TenantId::nth(1), at(0))]),
            of([Write::RevokeTokens(Revoke::Tenant(TenantId::nth(1)), at(0))]),
            of([update(1), update(1)]),
        ];
        for one in wide {
            assert!(one.is_wide());
            assert!(!of([create(9)]).join(one));
        }
    }
}
