//! The ends of rows, with all that hangs on them.

use jiff::Timestamp;

use kubenova_core::change::{Revoke, Work};
use kubenova_core::error::Noun;
use kubenova_core::ports::store::CommitError;
use kubenova_core::value::{ClusterId, GrantId, ProjectId, TenantId};

use super::tables::Tables;

impl Tables {
    pub(super) fn purge_cluster(&mut self, id: ClusterId, at: Timestamp, now: Timestamp) {
        let tenants: Vec<TenantId> = self.tenants.below(id).collect();
        for tenant in tenants {
            let projects: Vec<ProjectId> = self.projects.below(tenant).collect();
            for project in projects {
                self.purge_project(project);
            }
            self.revoke_tokens(&Revoke::Tenant(tenant), at, now);
            self.put_tenant(tenant, None);
        }
        let grants = self.grants.rows().filter(|row| row.cluster == id);
        let grants: Vec<GrantId> = grants.map(|row| row.id).collect();
        for grant in grants {
            self.put_grant(grant, None);
        }
        let items: Vec<Work> = self.queue.items_of(id).collect();
        for item in items {
            self.put_work(item, None);
        }
        self.put_credential(id, None);
        self.put_cluster(id, None);
    }

    pub(super) fn purge_tenant(
        &mut self,
        id: TenantId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        if self.projects.below(id).next().is_some() {
            return Err(CommitError::NotEmpty(Noun::Tenant));
        }
        self.revoke_tokens(&Revoke::Tenant(id), at, now);
        self.put_tenant(id, None);
        Ok(())
    }

    pub(super) fn purge_project(&mut self, id: ProjectId) {
        self.put_members(id, None);
        self.put_project(id, None);
    }
}
