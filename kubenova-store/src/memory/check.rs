//! Preconditions, and the unique keys of new rows.

use tokio::time::Instant;

use kubenova_core::change::{Receipt, Require};
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::error::Noun;
use kubenova_core::ports::store::{CommitError, StoreError, Taken};

use super::tables::Tables;

fn unless(bad: bool, refusal: CommitError) -> Result<(), CommitError> {
    if bad { Err(refusal) } else { Ok(()) }
}

/// An id that exists already: ids are never given twice, so this is a defect.
pub(super) fn same_id(bad: bool, table: &str) -> Result<(), CommitError> {
    unless(
        bad,
        StoreError::Corrupt(format!("{table}: an id was used twice")).into(),
    )
}

impl Tables {
    pub(super) fn check(&self, require: &Require, now: Instant) -> Result<(), CommitError> {
        match require {
            Require::ClusterAccepts(id) => {
                let open = self
                    .clusters
                    .get(*id)
                    .is_some_and(|row| row.deleting.is_none());
                unless(!open, CommitError::Closed(Noun::Cluster))
            }
            Require::TenantAccepts(id) => {
                let open = self
                    .tenants
                    .get(*id)
                    .is_some_and(|row| row.deleting.is_none());
                unless(!open, CommitError::Closed(Noun::Tenant))
            }
            Require::ProjectAccepts(id) => {
                let open = self
                    .projects
                    .get(*id)
                    .is_some_and(|row| row.deleting.is_none());
                unless(!open, CommitError::Closed(Noun::Project))
            }
            Require::NoTenants(id) => {
                let any = self.tenants.below(*id).next().is_some();
                unless(any, CommitError::NotEmpty(Noun::Cluster))
            }
            Require::NoProjects(id) => {
                let any = self.projects.below(*id).next().is_some();
                unless(any, CommitError::NotEmpty(Noun::Tenant))
            }
            Require::RoomForProject(id, most) => {
                let there = self.projects.below(*id).count();
                let full = u64::try_from(there).is_ok_and(|there| there >= *most);
                unless(full, CommitError::Full(Noun::Project))
            }
            Require::Holds(receipt) => unless(!self.holds(receipt, now), CommitError::LeaseLost),
        }
    }

    fn holds(&self, receipt: &Receipt, now: Instant) -> bool {
        self.queue
            .get(receipt.item)
            .is_some_and(|item| item.is_held_by(receipt.lease, now))
    }

    pub(super) fn check_new_cluster(&self, new: &Cluster) -> Result<(), CommitError> {
        same_id(self.clusters.get(new.id).is_some(), "clusters")?;
        let named = self.clusters.named((), &new.name).is_some();
        unless(named, CommitError::Taken(Taken::ClusterName))?;
        let known = self.identities.contains_key(&new.identity);
        unless(known, CommitError::Taken(Taken::ClusterIdentity))
    }

    pub(super) fn check_new_tenant(&self, new: &Tenant) -> Result<(), CommitError> {
        same_id(self.tenants.get(new.id).is_some(), "tenants")?;
        let named = self.tenants.named(new.cluster, &new.name).is_some();
        unless(named, CommitError::Taken(Taken::TenantName))?;
        let orphan = self.clusters.get(new.cluster).is_none();
        unless(orphan, CommitError::Closed(Noun::Cluster))
    }

    pub(super) fn check_new_project(&self, new: &Project) -> Result<(), CommitError> {
        same_id(self.projects.get(new.id).is_some(), "projects")?;
        let named = self.projects.named(new.tenant, &new.name).is_some();
        unless(named, CommitError::Taken(Taken::ProjectName))?;
        let place = (new.cluster, new.namespace.clone());
        let reserved = self.namespaces.contains_key(&place);
        unless(reserved, CommitError::Taken(Taken::Namespace))?;
        let orphan = self.tenants.get(new.tenant).is_none();
        unless(orphan, CommitError::Closed(Noun::Tenant))
    }
}
