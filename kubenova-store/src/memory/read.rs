//! Reads of the memory store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
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
    ClusterId, GrantId, Page, Paged, Position, ProjectId, Ref, Secret, TenantId, TokenId,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::MemoryStore;
use super::tables::{ROOT, Tables};

/// How many objects an ambiguous name may show.
const AMBIGUOUS_MAX: usize = 10;

impl Tables {
    fn cluster_id(&self, at: &Ref) -> Option<ClusterId> {
        match at {
            Ref::Id(uuid) => Some(ClusterId::new(*uuid)),
            Ref::Name(name) => self.cluster_names.get(name).copied(),
        }
    }

    fn tenants_at(&self, at: &TenantAt) -> Vec<Arc<Tenant>> {
        let cluster = match &at.cluster {
            Some(at) => match self.cluster_id(at) {
                Some(id) => Some(id),
                None => return Vec::new(),
            },
            None => None,
        };
        let ids: Vec<TenantId> = match (&at.tenant, cluster) {
            (Ref::Id(uuid), _) => vec![TenantId::new(*uuid)],
            (Ref::Name(name), Some(cluster)) => self
                .tenant_names
                .get(&(cluster, name.clone()))
                .copied()
                .into_iter()
                .collect(),
            (Ref::Name(name), None) => self
                .tenants_called
                .get(name)
                .into_iter()
                .flatten()
                .copied()
                .take(AMBIGUOUS_MAX)
                .collect(),
        };
        let rows = ids.iter().filter_map(|id| self.tenants.get(id));
        rows.filter(|row| cluster.is_none_or(|cluster| row.cluster == cluster))
            .cloned()
            .collect()
    }

    fn projects_at(&self, at: &ProjectAt) -> Vec<Arc<Project>> {
        let tenants = at.tenant.as_ref().map(|tenant| {
            self.tenants_at(&TenantAt {
                cluster: at.cluster.clone(),
                tenant: tenant.clone(),
            })
        });
        let ids: Vec<ProjectId> = match (&at.project, &tenants) {
            (Ref::Id(uuid), _) => vec![ProjectId::new(*uuid)],
            (Ref::Name(name), Some(tenants)) => tenants
                .iter()
                .filter_map(|tenant| self.project_names.get(&(tenant.id, name.clone())))
                .copied()
                .collect(),
            (Ref::Name(name), None) => self
                .projects_called
                .get(name)
                .into_iter()
                .flatten()
                .copied()
                .take(AMBIGUOUS_MAX)
                .collect(),
        };
        let inside = |row: &Arc<Project>| {
            tenants
                .as_ref()
                .is_none_or(|tenants| tenants.iter().any(|tenant| tenant.id == row.tenant))
        };
        ids.iter()
            .filter_map(|id| self.projects.get(id))
            .filter(|row| inside(row))
            .cloned()
            .collect()
    }
}

/// Collects one page of rows in list order.
fn page_of<T: Clone>(
    rows: impl Iterator<Item = Arc<T>>,
    page: &Page,
    position: impl Fn(&T) -> Position,
) -> Paged<T> {
    let rows: Vec<Arc<T>> = rows.take(page.limit + 1).collect();
    let cut = Paged::cut(rows, page.limit, |row| position(row));
    cut.map(|row| T::clone(&row))
}

#[async_trait]
impl ClusterReads for MemoryStore {
    async fn cluster(&self, at: &Ref) -> Result<Option<Cluster>, StoreError> {
        let tables = self.read();
        let found = tables
            .cluster_id(at)
            .and_then(|id| tables.clusters.get(&id).cloned());
        Ok(found.map(|row| Cluster::clone(&row)))
    }

    async fn clusters(
        &self,
        filter: ClusterFilter,
        page: Page,
    ) -> Result<Paged<Cluster>, StoreError> {
        let tables = self.read();
        let walk = tables
            .cluster_index
            .walk(ROOT, &filter.selector, page.after.as_ref());
        let rows = walk
            .filter_map(|id| tables.clusters.get(&ClusterId::new(id)).cloned())
            .filter(|row| {
                filter.only.is_none_or(|only| row.id == only)
                    && filter.selector.matches(row.labels.as_map())
            });
        let key = |row: &Cluster| Position {
            key: row.name.to_string(),
            id: row.id.uuid(),
        };
        Ok(page_of(rows, &page, key))
    }

    async fn credential(&self, cluster: ClusterId) -> Result<Option<Secret>, StoreError> {
        Ok(self.read().credentials.get(&cluster).cloned())
    }

    async fn cluster_ids(&self) -> Result<Vec<ClusterId>, StoreError> {
        Ok(self.read().clusters.keys().copied().collect())
    }
}

#[async_trait]
impl TenantReads for MemoryStore {
    async fn tenants_at(&self, at: &TenantAt) -> Result<Vec<Tenant>, StoreError> {
        let found = self.read().tenants_at(at);
        Ok(found.iter().map(|row| Tenant::clone(row)).collect())
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        let found = self.read().tenants.get(&id).cloned();
        Ok(found.map(|row| Tenant::clone(&row)))
    }

    async fn tenants(&self, filter: TenantFilter, page: Page) -> Result<Paged<Tenant>, StoreError> {
        let tables = self.read();
        let wanted = |row: &Tenant| {
            filter.only.is_none_or(|only| row.id == only)
                && filter
                    .owner
                    .as_ref()
                    .is_none_or(|owner| row.owners.contains(owner))
                && filter.selector.matches(row.labels.as_map())
        };
        let key = |row: &Tenant| Position {
            key: row.name.to_string(),
            id: row.id.uuid(),
        };
        let get = |id| tables.tenants.get(&TenantId::new(id)).cloned();
        if let Some(cluster) = filter.cluster {
            let walk =
                tables
                    .tenant_index
                    .walk(cluster.uuid(), &filter.selector, page.after.as_ref());
            return Ok(page_of(
                walk.filter_map(get).filter(|row| wanted(row)),
                &page,
                key,
            ));
        }
        let all: BTreeMap<(String, Uuid), Arc<Tenant>> = tables
            .tenants
            .values()
            .filter(|row| wanted(row))
            .map(|row| ((row.name.to_string(), row.id.uuid()), Arc::clone(row)))
            .collect();
        let after = page.after.as_ref().map(|p| (p.key.clone(), p.id));
        let rows = all
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        Ok(page_of(rows.map(|(_, row)| row), &page, key))
    }
}

#[async_trait]
impl ProjectReads for MemoryStore {
    async fn projects_at(&self, at: &ProjectAt) -> Result<Vec<Project>, StoreError> {
        let found = self.read().projects_at(at);
        Ok(found.iter().map(|row| Project::clone(row)).collect())
    }

    async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        let found = self.read().projects.get(&id).cloned();
        Ok(found.map(|row| Project::clone(&row)))
    }

    async fn projects(
        &self,
        filter: ProjectFilter,
        page: Page,
    ) -> Result<Paged<Project>, StoreError> {
        let tables = self.read();
        let parent = filter.tenant.uuid();
        let walk = tables
            .project_index
            .walk(parent, &filter.selector, page.after.as_ref());
        let rows = walk
            .filter_map(|id| tables.projects.get(&ProjectId::new(id)).cloned())
            .filter(|row| {
                filter
                    .only
                    .as_ref()
                    .is_none_or(|only| only.contains(&row.id))
                    && filter.selector.matches(row.labels.as_map())
            });
        let key = |row: &Project| Position {
            key: row.name.to_string(),
            id: row.id.uuid(),
        };
        Ok(page_of(rows, &page, key))
    }

    async fn members(&self, project: ProjectId) -> Result<Members, StoreError> {
        Ok(self
            .read()
            .members
            .get(&project)
            .cloned()
            .unwrap_or_default())
    }

    async fn access(&self, project: ProjectId) -> Result<Access, StoreError> {
        let tables = self.read();
        let Some(row) = tables.projects.get(&project) else {
            return Ok(Access::default());
        };
        let opens = |grant: &&Grant| {
            grant.project.is_none_or(|only| only == project)
                && grant.revocation.binding_cut_at.is_none()
        };
        let members = tables.members.get(&project).cloned().unwrap_or_default();
        let of_tenant = tables.grants_of.get(&row.tenant).into_iter().flatten();
        let grants = of_tenant
            .filter_map(|id| tables.grants.get(id))
            .filter(opens)
            .cloned();
        Ok(Access {
            members,
            grants: grants.collect(),
        })
    }
}

/// Tokens and grants are listed by (creation, id): ids are made in the order of time.
fn by_id<T: Clone>(
    rows: &BTreeMap<Uuid, T>,
    page: &Page,
    wanted: impl Fn(&T) -> bool,
    id: impl Fn(&T) -> Uuid,
) -> Paged<T> {
    let from = page.after.as_ref().map_or(std::ops::Bound::Unbounded, |p| {
        std::ops::Bound::Excluded(p.id)
    });
    let range = rows
        .range((from, std::ops::Bound::Unbounded))
        .map(|(_, row)| row);
    let rows = range
        .filter(|row| wanted(row))
        .take(page.limit + 1)
        .cloned()
        .collect();
    Paged::cut(rows, page.limit, |row| Position {
        key: String::new(),
        id: id(row),
    })
}

#[async_trait]
impl CredentialReads for MemoryStore {
    async fn token(&self, id: TokenId) -> Result<Option<TokenLookup>, StoreError> {
        let tables = self.read();
        let found = tables.tokens.get(&id.uuid()).cloned();
        Ok(found.map(|token| {
            let tenant = token.tenant.and_then(|tenant| tables.tenants.get(&tenant));
            TokenLookup {
                cluster: tenant.map(|tenant| tenant.cluster),
                token,
            }
        }))
    }

    async fn tokens(&self, filter: TokenFilter, page: Page) -> Result<Paged<Token>, StoreError> {
        let wanted = |token: &Token| filter.tenant.is_none() || token.tenant == filter.tenant;
        Ok(by_id(&self.read().tokens, &page, wanted, |token| {
            token.id.uuid()
        }))
    }

    async fn revoked_within(&self, window: Duration) -> Result<Vec<TokenId>, StoreError> {
        let now = Instant::now();
        let tables = self.read();
        let recent = tables
            .revoked
            .iter()
            .filter(|(when, _)| now.duration_since(*when) <= window);
        Ok(recent.map(|(_, id)| *id).collect())
    }

    async fn has_admin(&self, now: Timestamp) -> Result<bool, StoreError> {
        let admin = |token: &Token| {
            token.roles.has(Role::Admin) && token.state(now) == CredentialState::Active
        };
        Ok(self.read().tokens.values().any(admin))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        Ok(self.read().grant(id).cloned())
    }

    async fn grants(&self, filter: GrantFilter, page: Page) -> Result<Paged<Grant>, StoreError> {
        let wanted = |grant: &Grant| {
            filter.tenant.is_none_or(|tenant| grant.tenant == tenant)
                && filter
                    .project
                    .is_none_or(|project| grant.project == Some(project))
                && filter
                    .subject
                    .as_ref()
                    .is_none_or(|subject| grant.subject == *subject)
                && filter
                    .state
                    .is_none_or(|(state, now)| grant.state(now) == state)
        };
        Ok(by_id(&self.read().grants, &page, wanted, |grant| {
            grant.id.uuid()
        }))
    }
}
