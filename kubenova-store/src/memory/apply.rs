//! Writes, one by one; each leaves its inverse in the journal.

use jiff::Timestamp;
use tokio::time::Instant;

use kubenova_core::change::{Work, WorkRequest, Write};
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::credential::{Grant, Revocation};
use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::CommitError;
use kubenova_core::value::{ClusterId, Generation, ProjectId, Status, TenantId};

use super::check::same_id;
use super::tables::Tables;

/// Wall clock for the record, monotonic clock for the work set.
pub(super) type Now = (Timestamp, Instant);

impl Tables {
    /// Carries out one write; answers whether it asked for work by itself.
    pub(super) fn apply(&mut self, write: &Write, now: Now) -> Result<bool, CommitError> {
        match write {
            Write::InsertCluster(new, kubeconfig) => {
                self.check_new_cluster(new)?;
                self.put_cluster(new.id, Some(Cluster::clone(new)));
                self.put_credential(new.id, Some(kubeconfig.clone()));
            }
            Write::UpdateCluster(new) => self.update_cluster(new)?,
            Write::ClusterStatus(id, status, version) => self.cluster_status(*id, status, version),
            Write::PurgeCluster(id, at) => self.purge_cluster(*id, *at, now.0),
            Write::InsertTenant(new) => {
                self.check_new_tenant(new)?;
                self.put_tenant(new.id, Some(Tenant::clone(new)));
            }
            Write::UpdateTenant(new) => self.update_tenant(new)?,
            Write::TenantStatus(id, status) => self.tenant_status(*id, status),
            Write::PurgeTenant(id, at) => self.purge_tenant(*id, *at, now.0)?,
            Write::DeleteProjectsOf(id, at) => return Ok(self.delete_projects(*id, *at, now.1)),
            Write::InsertProject(new) => {
                self.check_new_project(new)?;
                self.put_project(new.id, Some(Project::clone(new)));
            }
            Write::UpdateProject(new) => self.update_project(new)?,
            Write::SetMembers(id, members) => {
                self.projects.get(*id).ok_or(CommitError::Stale)?;
                self.put_members(*id, Some(members.clone()));
            }
            Write::ProjectStatus(id, status) => self.project_status(*id, status),
            Write::PurgeProject(id, _) => self.purge_project(*id),
            Write::InsertToken(new) => {
                same_id(self.tokens.get(new.id).is_some(), "tokens")?;
                self.put_token(new.id, Some((**new).clone()));
            }
            Write::RevokeTokens(which, at) => self.revoke_tokens(which, *at, now.0),
            Write::InsertGrant(new) => {
                same_id(self.grants.get(new.id).is_some(), "grants")?;
                self.put_grant(new.id, Some((**new).clone()));
            }
            Write::UpdateGrant(new) => self.update_grant(new)?,
            Write::RevokeGrants(which, at) => return Ok(self.revoke_grants(which, *at, now.1)),
            Write::PurgeGrant(id) => self.put_grant(*id, None),
        }
        Ok(false)
    }

    fn update_cluster(&mut self, new: &Cluster) -> Result<(), CommitError> {
        let old = self.clusters.get(new.id).ok_or(CommitError::Stale)?;
        based_on(old.generation, new.generation)?;
        let row = Cluster {
            display_name: new.display_name.clone(),
            labels: new.labels.clone(),
            generation: new.generation,
            proxy: new.proxy.clone(),
            parts: new.parts.clone(),
            deleting: new.deleting,
            ..Cluster::clone(old)
        };
        self.put_cluster(new.id, Some(row));
        Ok(())
    }

    fn cluster_status(&mut self, id: ClusterId, status: &Status, version: &str) {
        if let Some(old) = self
            .clusters
            .get(id)
            .filter(|old| newer(&old.status, status))
        {
            let row = Cluster {
                status: status.clone(),
                kubernetes_version: version.to_owned(),
                ..Cluster::clone(old)
            };
            self.put_cluster(id, Some(row));
        }
    }

    fn update_tenant(&mut self, new: &Tenant) -> Result<(), CommitError> {
        let old = self.tenants.get(new.id).ok_or(CommitError::Stale)?;
        based_on(old.generation, new.generation)?;
        let row = Tenant {
            owners: new.owners.clone(),
            labels: new.labels.clone(),
            annotations: new.annotations.clone(),
            bounds: new.bounds.clone(),
            generation: new.generation,
            deleting: new.deleting,
            ..Tenant::clone(old)
        };
        self.put_tenant(new.id, Some(row));
        Ok(())
    }

    fn tenant_status(&mut self, id: TenantId, status: &Status) {
        if let Some(old) = self
            .tenants
            .get(id)
            .filter(|old| newer(&old.status, status))
        {
            let status = status.clone();
            let row = Tenant {
                status,
                ..Tenant::clone(old)
            };
            self.put_tenant(id, Some(row));
        }
    }

    fn project_status(&mut self, id: ProjectId, status: &Status) {
        if let Some(old) = self
            .projects
            .get(id)
            .filter(|old| newer(&old.status, status))
        {
            let status = status.clone();
            let row = Project {
                status,
                ..Project::clone(old)
            };
            self.put_project(id, Some(row));
        }
    }

    fn update_project(&mut self, new: &Project) -> Result<(), CommitError> {
        let old = self.projects.get(new.id).ok_or(CommitError::Stale)?;
        based_on(old.generation, new.generation)?;
        let row = Project {
            labels: new.labels.clone(),
            annotations: new.annotations.clone(),
            generation: new.generation,
            deleting: new.deleting,
            ..Project::clone(old)
        };
        self.put_project(new.id, Some(row));
        Ok(())
    }

    fn update_grant(&mut self, new: &Grant) -> Result<(), CommitError> {
        let old = self.grants.get(new.id).ok_or(CommitError::Stale)?;
        let (was, is) = (old.revocation, new.revocation);
        let row = Grant {
            expires_at: new.expires_at,
            issued: old.issued || new.issued,
            revocation: Revocation {
                requested_at: was.requested_at.or(is.requested_at),
                binding_cut_at: was.binding_cut_at.or(is.binding_cut_at),
                secret_gone_at: was.secret_gone_at.or(is.secret_gone_at),
                credential_dead_at: was.credential_dead_at.or(is.credential_dead_at),
            },
            ..Grant::clone(old)
        };
        self.put_grant(new.id, Some(row));
        Ok(())
    }

    fn delete_projects(&mut self, tenant: TenantId, at: Timestamp, now: Instant) -> bool {
        let rows = self
            .projects
            .below(tenant)
            .filter_map(|id| self.projects.get(id));
        let marked: Vec<Project> = rows
            .filter(|row| row.deleting.is_none())
            .map(|row| Project {
                deleting: Some(at),
                generation: row.generation.next(),
                ..Project::clone(row)
            })
            .collect();
        let any = !marked.is_empty();
        for row in marked {
            let (item, cluster) = (Work::Project(row.id), row.cluster);
            self.put_project(row.id, Some(row));
            self.ask(
                WorkRequest {
                    item,
                    cluster,
                    after: std::time::Duration::ZERO,
                },
                now,
            );
        }
        any
    }
}

fn based_on(stored: Generation, new: Generation) -> Result<(), CommitError> {
    if stored.next() == new {
        Ok(())
    } else {
        Err(CommitError::Stale)
    }
}

/// A report about an older generation than the one already reported on is dropped.
fn newer(stored: &Status, reported: &Status) -> bool {
    reported.observed >= stored.observed
}
