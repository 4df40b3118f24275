//! Reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use kubenova_core::access::Role;
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::credential::{CredentialState, Grant, Token};
use kubenova_core::domain::project::{Access, Members, Project, ProjectAt};
use kubenova_core::domain::tenant::{Tenant, TenantAt};
use kubenova_core::ports::store::{
    ClusterFilter, ClusterReads, CredentialReads, GrantFilter, ProjectFilter, ProjectReads,
    StoreError, TenantFilter, TenantReads, TokenFilter, TokenLookup,
};
use kubenova_core::value::{
    ClusterId, GrantId, Page, Paged, ProjectId, Ref, Secret, TenantId, TokenId,
};

use super::MemoryStore;
use super::named::Query;
use super::tables::Tables;

/// A name without its parent may fit several; so many are answered.
const CANDIDATES: usize = 10;

impl Tables {
    fn cluster_at(&self, at: &Ref) -> Option<&Arc<Cluster>> {
        match at {
            Ref::Id(id) => self.clusters.get(ClusterId::new(*id)),
            Ref::Name(name) => self.clusters.named((), name),
        }
    }

    fn tenants_at(&self, at: &TenantAt) -> Vec<Arc<Tenant>> {
        let cluster = match &at.cluster {
            None => None,
            Some(at) => match self.cluster_at(at) {
                Some(cluster) => Some(cluster.id),
                None => return Vec::new(),
            },
        };
        let below = |row: &&Arc<Tenant>| cluster.is_none_or(|id| row.cluster == id);
        match (&at.tenant, cluster) {
            (Ref::Id(id), _) => self
                .tenants
                .get(TenantId::new(*id))
                .filter(below)
                .cloned()
                .into_iter()
                .collect(),
            (Ref::Name(name), Some(id)) => {
                self.tenants.named(id, name).cloned().into_iter().collect()
            }
            (Ref::Name(name), None) => self
                .tenants
                .named_anywhere(name)
                .take(CANDIDATES)
                .cloned()
                .collect(),
        }
    }

    fn is_below(&self, project: &Project, at: &ProjectAt) -> bool {
        let of_cluster = at.cluster.as_ref().is_none_or(|cluster| {
            self.cluster_at(cluster)
                .is_some_and(|cluster| cluster.id == project.cluster)
        });
        let of_tenant = at.tenant.as_ref().is_none_or(|tenant| match tenant {
            Ref::Id(id) => project.tenant.uuid() == *id,
            Ref::Name(name) => project.tenant_name == *name,
        });
        of_cluster && of_tenant
    }

    fn projects_at(&self, at: &ProjectAt) -> Vec<Project> {
        let found: Vec<&Arc<Project>> = match &at.project {
            Ref::Id(id) => self.projects.get(ProjectId::new(*id)).into_iter().collect(),
            Ref::Name(name) => self.projects.named_anywhere(name).collect(),
        };
        let below = found.into_iter().filter(|row| self.is_below(row, at));
        below
            .take(CANDIDATES)
            .map(|row| Project::clone(row))
            .collect()
    }
}

#[async_trait]
impl ClusterReads for MemoryStore {
    async fn cluster(&self, at: &Ref) -> Result<Option<Cluster>, StoreError> {
        let found = self.read().cluster_at(at).cloned();
        Ok(found.map(Arc::unwrap_or_clone))
    }

    async fn clusters(
        &self,
        filter: ClusterFilter,
        page: Page,
    ) -> Result<Paged<Cluster>, StoreError> {
        self.read().clusters.list(&Query {
            parent: Some(()),
            driver: None,
            only: filter.only.as_ref().map(std::slice::from_ref),
            selector: &filter.selector,
            page: &page,
        })
    }

    async fn credential(&self, cluster: ClusterId) -> Result<Option<Secret>, StoreError> {
        Ok(self.read().credentials.get(&cluster).cloned())
    }

    async fn cluster_ids(&self) -> Result<Vec<ClusterId>, StoreError> {
        Ok(self.read().clusters.below(()).collect())
    }
}

#[async_trait]
impl TenantReads for MemoryStore {
    async fn tenants_at(&self, at: &TenantAt) -> Result<Vec<Tenant>, StoreError> {
        let found = self.read().tenants_at(at);
        Ok(found.into_iter().map(Arc::unwrap_or_clone).collect())
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        let found = self.read().tenants.get(id).cloned();
        Ok(found.map(Arc::unwrap_or_clone))
    }

    async fn tenants(&self, filter: TenantFilter, page: Page) -> Result<Paged<Tenant>, StoreError> {
        let tables = self.read();
        let nobody = super::named::Names::new();
        // The index of owners is kept per cluster; a list over all clusters looks at every tenant.
        let driver = filter.cluster.zip(filter.owner.clone());
        let driver = driver.map(|key| tables.owners.get(&key).unwrap_or(&nobody));
        let query = Query {
            parent: filter.cluster,
            driver,
            only: filter.only.as_ref().map(std::slice::from_ref),
            selector: &filter.selector,
            page: &page,
        };
        match (filter.cluster, &filter.owner) {
            (None, Some(owner)) => tables
                .tenants
                .list_where(&query, |row| row.owners.contains(owner)),
            (Some(_), _) | (None, None) => tables.tenants.list(&query),
        }
    }
}

#[async_trait]
impl ProjectReads for MemoryStore {
    async fn projects_at(&self, at: &ProjectAt) -> Result<Vec<Project>, StoreError> {
        Ok(self.read().projects_at(at))
    }

    async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        let found = self.read().projects.get(id).cloned();
        Ok(found.map(Arc::unwrap_or_clone))
    }

    async fn projects(
        &self,
        filter: ProjectFilter,
        page: Page,
    ) -> Result<Paged<Project>, StoreError> {
        self.read().projects.list(&Query {
            parent: Some(filter.tenant),
            driver: None,
            only: filter.only.as_deref(),
            selector: &filter.selector,
            page: &page,
        })
    }

    async fn members(&self, project: ProjectId) -> Result<Members, StoreError> {
        let found = self.read().members.get(&project).cloned();
        Ok(found.map(Arc::unwrap_or_clone).unwrap_or_default())
    }

    async fn access(&self, project: ProjectId) -> Result<Access, StoreError> {
        let tables = self.read();
        let Some(row) = tables.projects.get(project) else {
            return Ok(Access::default());
        };
        let members = tables
            .members
            .get(&project)
            .map(|members| Members::clone(members));
        let opens = |grant: &&Arc<Grant>| {
            grant.project.is_none_or(|only| only == project)
                && grant.revocation.binding_cut_at.is_none()
        };
        let grants = tables.grants.of_tenant(row.tenant).filter(opens);
        Ok(Access {
            members: members.unwrap_or_default(),
            grants: grants.map(|grant| Grant::clone(grant)).collect(),
        })
    }
}

#[async_trait]
impl CredentialReads for MemoryStore {
    async fn token(&self, id: TokenId) -> Result<Option<TokenLookup>, StoreError> {
        let tables = self.read();
        Ok(tables.tokens.get(id).map(|token| TokenLookup {
            token: Token::clone(token),
            cluster: token
                .tenant
                .and_then(|id| tables.tenants.get(id))
                .map(|row| row.cluster),
        }))
    }

    async fn tokens(&self, filter: TokenFilter, page: Page) -> Result<Paged<Token>, StoreError> {
        self.read()
            .tokens
            .list(filter.tenant, None, |_| true, &page)
    }

    async fn revoked_within(&self, window: Duration) -> Result<Vec<TokenId>, StoreError> {
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        let from = self
            .clock
            .now()
            .checked_sub(window)
            .unwrap_or(Timestamp::MIN);
        let tables = self.read();
        let recent = tables
            .revoked
            .iter()
            .rev()
            .take_while(|(seen, _)| *seen >= from);
        Ok(recent.map(|(_, id)| *id).collect())
    }

    async fn has_admin(&self, now: Timestamp) -> Result<bool, StoreError> {
        let admin = |row: &Arc<Token>| {
            row.roles.has(Role::Admin) && row.state(now) == CredentialState::Active
        };
        Ok(self.read().tokens.rows().any(admin))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let found = self.read().grants.get(id).cloned();
        Ok(found.map(Arc::unwrap_or_clone))
    }

    async fn grants(&self, filter: GrantFilter, page: Page) -> Result<Paged<Grant>, StoreError> {
        let keep = |row: &Grant| {
            filter
                .subject
                .as_ref()
                .is_none_or(|subject| row.subject == *subject)
                && filter
                    .state
                    .is_none_or(|(state, now)| row.state(now) == state)
        };
        self.read()
            .grants
            .list(filter.tenant, filter.project, keep, &page)
    }
}
