//! The writes of a batch, kind by kind, in the order in which kinds are written: parents before children.

use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use kubenova_core::change::{Revoke, Write};
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::domain::project::{Members, Project};
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::value::{ClusterId, ProjectId, Secret, Status, TenantId};

use crate::postgres::error::Failure;
use crate::postgres::write::{cluster, credential, project, tenant};
use crate::seal::Keyring;

#[derive(Default)]
pub(super) struct Rows<'a> {
    new_clusters: Vec<(&'a Cluster, &'a Secret)>,
    clusters: Vec<&'a Cluster>,
    cluster_reports: Vec<(ClusterId, &'a Status, &'a str)>,
    new_tenants: Vec<&'a Tenant>,
    tenants: Vec<&'a Tenant>,
    tenant_reports: Vec<(TenantId, &'a Status)>,
    new_projects: Vec<&'a Project>,
    projects: Vec<&'a Project>,
    members: Vec<(ProjectId, &'a Members)>,
    project_reports: Vec<(ProjectId, &'a Status)>,
    gone_projects: Vec<Uuid>,
    new_tokens: Vec<&'a Token>,
    revoked_tokens: Vec<(Uuid, Timestamp)>,
    new_grants: Vec<&'a Grant>,
    grants: Vec<&'a Grant>,
    revoked_grants: Vec<(Uuid, Timestamp)>,
    gone_grants: Vec<Uuid>,
    /// What is not a set of listed rows.
    wide: Vec<&'a Write>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(writes: impl Iterator<Item = &'a Write>) -> Self {
        let mut out = Self::default();
        for write in writes {
            out.add(write);
        }
        out
    }

    fn add(&mut self, write: &'a Write) {
        match write {
            Write::InsertCluster(row, secret) => self.new_clusters.push((row, secret)),
            Write::UpdateCluster(row) => self.clusters.push(row),
            Write::ClusterStatus(id, status, version) => {
                self.cluster_reports.push((*id, status, version));
            }
            Write::InsertTenant(row) => self.new_tenants.push(row),
            Write::UpdateTenant(row) => self.tenants.push(row),
            Write::TenantStatus(id, status) => self.tenant_reports.push((*id, status)),
            Write::InsertProject(row) => self.new_projects.push(row),
            Write::UpdateProject(row) => self.projects.push(row),
            Write::SetMembers(id, members) => self.members.push((*id, members)),
            Write::ProjectStatus(id, status) => self.project_reports.push((*id, status)),
            Write::PurgeProject(id, _) => self.gone_projects.push(id.uuid()),
            Write::InsertToken(row) => self.new_tokens.push(row),
            Write::RevokeTokens(Revoke::Token(id), at) => {
                self.revoked_tokens.push((id.uuid(), *at))
            }
            Write::InsertGrant(row) => self.new_grants.push(row),
            Write::UpdateGrant(row) => self.grants.push(row),
            Write::RevokeGrants(Revoke::Grant(id), at) => {
                self.revoked_grants.push((id.uuid(), *at))
            }
            Write::PurgeGrant(id) => self.gone_grants.push(id.uuid()),
            Write::PurgeCluster(..)
            | Write::PurgeTenant(..)
            | Write::DeleteProjectsOf(..)
            | Write::RevokeTokens(..)
            | Write::RevokeGrants(..) => self.wide.push(write),
        }
    }

    /// Writes all of it; answers whether it asked for work by itself.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        keyring: &Keyring,
    ) -> Result<bool, Failure> {
        self.write_clusters(connection, keyring).await?;
        self.write_tenants(connection).await?;
        self.write_projects(connection).await?;
        let mut asked = self.write_credentials(connection).await?;
        for write in self.wide {
            asked |= wide(connection, write).await?;
        }
        Ok(asked)
    }

    async fn write_clusters(
        &self,
        connection: &mut PgConnection,
        keyring: &Keyring,
    ) -> Result<(), Failure> {
        if !self.new_clusters.is_empty() {
            cluster::insert(connection, keyring, &self.new_clusters).await?;
        }
        if !self.clusters.is_empty() {
            cluster::update(connection, &self.clusters).await?;
        }
        if !self.cluster_reports.is_empty() {
            cluster::report(connection, &self.cluster_reports).await?;
        }
        Ok(())
    }

    async fn write_tenants(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        if !self.new_tenants.is_empty() {
            tenant::insert(connection, &self.new_tenants).await?;
        }
        if !self.tenants.is_empty() {
            tenant::update(connection, &self.tenants).await?;
        }
        if !self.tenant_reports.is_empty() {
            tenant::report(connection, &self.tenant_reports).await?;
        }
        Ok(())
    }

    async fn write_projects(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        if !self.new_projects.is_empty() {
            project::insert(connection, &self.new_projects).await?;
        }
        if !self.projects.is_empty() {
            project::update(connection, &self.projects).await?;
        }
        if !self.members.is_empty() {
            project::set_members(connection, &self.members).await?;
        }
        if !self.project_reports.is_empty() {
            project::report(connection, &self.project_reports).await?;
        }
        if !self.gone_projects.is_empty() {
            project::purge(connection, &self.gone_projects).await?;
        }
        Ok(())
    }

    async fn write_credentials(&self, connection: &mut PgConnection) -> Result<bool, Failure> {
        let mut asked = false;
        if !self.new_tokens.is_empty() {
            credential::insert_tokens(connection, &self.new_tokens).await?;
        }
        if !self.revoked_tokens.is_empty() {
            credential::revoke_tokens(connection, &self.revoked_tokens).await?;
        }
        if !self.new_grants.is_empty() {
            credential::insert_grants(connection, &self.new_grants).await?;
        }
        if !self.grants.is_empty() {
            credential::update_grants(connection, &self.grants).await?;
        }
        if !self.revoked_grants.is_empty() {
            asked = credential::revoke_grants(connection, &self.revoked_grants).await?;
        }
        if !self.gone_grants.is_empty() {
            credential::purge_grants(connection, &self.gone_grants).await?;
        }
        Ok(asked)
    }
}

async fn wide(connection: &mut PgConnection, write: &Write) -> Result<bool, Failure> {
    match write {
        Write::PurgeCluster(id, at) => cluster::purge(connection, *id, *at).await?,
        Write::PurgeTenant(id, at) => tenant::purge(connection, *id, *at).await?,
        Write::DeleteProjectsOf(id, at) => return project::delete_all(connection, *id, *at).await,
        Write::RevokeTokens(which, at) => {
            credential::revoke_tokens_of(connection, which, *at).await?
        }
        Write::RevokeGrants(which, at) => {
            return credential::revoke_grants_of(connection, which, *at).await;
        }
        Write::InsertCluster(..)
        | Write::UpdateCluster(_)
        | Write::ClusterStatus(..)
        | Write::InsertTenant(_)
        | Write::UpdateTenant(_)
        | Write::TenantStatus(..)
        | Write::InsertProject(_)
        | Write::UpdateProject(_)
        | Write::SetMembers(..)
        | Write::ProjectStatus(..)
        | Write::PurgeProject(..)
        | Write::InsertToken(_)
        | Write::InsertGrant(_)
        | Write::UpdateGrant(_)
        | Write::PurgeGrant(_) => {}
    }
    Ok(false)
}
