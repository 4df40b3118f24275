//! The rows, their indexes, and the few ways to change them that keep both together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use kubenova_core::domain::audit::AuditEntry;
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::domain::project::{Members, Project};
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::value::{ClusterId, GrantId, Name, ProjectId, Secret, TenantId, TokenId};
use tokio::time::Instant;
use uuid::Uuid;

use super::index::{Index, Key};
use super::workset::WorkSet;

/// The parent of clusters in the index.
pub(super) const ROOT: Uuid = Uuid::nil();
const AUDIT_MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Tables {
    pub(super) clusters: HashMap<ClusterId, Arc<Cluster>>,
    pub(super) credentials: HashMap<ClusterId, Secret>,
    pub(super) cluster_names: HashMap<Name, ClusterId>,
    pub(super) identities: HashMap<String, ClusterId>,
    pub(super) cluster_index: Index,
    pub(super) tenants: HashMap<TenantId, Arc<Tenant>>,
    pub(super) tenant_names: HashMap<(ClusterId, Name), TenantId>,
    pub(super) tenants_called: HashMap<Name, BTreeSet<TenantId>>,
    pub(super) tenant_index: Index,
    pub(super) projects: HashMap<ProjectId, Arc<Project>>,
    pub(super) project_names: HashMap<(TenantId, Name), ProjectId>,
    pub(super) projects_called: HashMap<Name, BTreeSet<ProjectId>>,
    pub(super) namespaces: HashSet<(ClusterId, Name)>,
    pub(super) project_index: Index,
    pub(super) members: HashMap<ProjectId, Members>,
    pub(super) tokens: BTreeMap<Uuid, Token>,
    pub(super) revoked: VecDeque<(Instant, TokenId)>,
    pub(super) grants: BTreeMap<Uuid, Grant>,
    pub(super) grants_of: HashMap<TenantId, BTreeSet<Uuid>>,
    pub(super) work: WorkSet,
    pub(super) audit: VecDeque<AuditEntry>,
}

pub(super) fn key_of(name: &Name, id: Uuid) -> Key {
    (name.as_str().to_owned(), id)
}

impl Tables {
    pub(super) fn put_cluster(&mut self, cluster: Cluster) {
        self.drop_cluster(cluster.id);
        let key = key_of(&cluster.name, cluster.id.uuid());
        self.cluster_index
            .insert(ROOT, &key, cluster.labels.as_map());
        self.cluster_names.insert(cluster.name.clone(), cluster.id);
        self.identities.insert(cluster.identity.clone(), cluster.id);
        self.clusters.insert(cluster.id, Arc::new(cluster));
    }

    pub(super) fn drop_cluster(&mut self, id: ClusterId) {
        let Some(old) = self.clusters.remove(&id) else {
            return;
        };
        let key = key_of(&old.name, id.uuid());
        self.cluster_index.remove(ROOT, &key, old.labels.as_map());
        self.cluster_names.remove(&old.name);
        self.identities.remove(&old.identity);
    }

    pub(super) fn put_tenant(&mut self, tenant: Tenant) {
        self.drop_tenant(tenant.id);
        let key = key_of(&tenant.name, tenant.id.uuid());
        self.tenant_index
            .insert(tenant.cluster.uuid(), &key, tenant.labels.as_map());
        self.tenant_names
            .insert((tenant.cluster, tenant.name.clone()), tenant.id);
        self.tenants_called
            .entry(tenant.name.clone())
            .or_default()
            .insert(tenant.id);
        self.tenants.insert(tenant.id, Arc::new(tenant));
    }

    pub(super) fn drop_tenant(&mut self, id: TenantId) {
        let Some(old) = self.tenants.remove(&id) else {
            return;
        };
        let key = key_of(&old.name, id.uuid());
        self.tenant_index
            .remove(old.cluster.uuid(), &key, old.labels.as_map());
        self.tenant_names.remove(&(old.cluster, old.name.clone()));
        forget(&mut self.tenants_called, &old.name, &id);
    }

    pub(super) fn put_project(&mut self, project: Project) {
        self.drop_project(project.id);
        let key = key_of(&project.name, project.id.uuid());
        self.project_index
            .insert(project.tenant.uuid(), &key, project.labels.as_map());
        self.project_names
            .insert((project.tenant, project.name.clone()), project.id);
        self.projects_called
            .entry(project.name.clone())
            .or_default()
            .insert(project.id);
        self.namespaces
            .insert((project.cluster, project.namespace.clone()));
        self.projects.insert(project.id, Arc::new(project));
    }

    pub(super) fn drop_project(&mut self, id: ProjectId) {
        let Some(old) = self.projects.remove(&id) else {
            return;
        };
        let key = key_of(&old.name, id.uuid());
        self.project_index
            .remove(old.tenant.uuid(), &key, old.labels.as_map());
        self.project_names.remove(&(old.tenant, old.name.clone()));
        self.namespaces
            .remove(&(old.cluster, old.namespace.clone()));
        forget(&mut self.projects_called, &old.name, &id);
    }

    pub(super) fn put_grant(&mut self, grant: Grant) {
        self.grants_of
            .entry(grant.tenant)
            .or_default()
            .insert(grant.id.uuid());
        self.grants.insert(grant.id.uuid(), grant);
    }

    pub(super) fn drop_grant(&mut self, id: GrantId) {
        let Some(old) = self.grants.remove(&id.uuid()) else {
            return;
        };
        if let Some(set) = self.grants_of.get_mut(&old.tenant) {
            set.remove(&id.uuid());
        }
    }

    pub(super) fn remember(&mut self, entries: Vec<AuditEntry>) {
        self.audit.extend(entries);
        while self.audit.len() > AUDIT_MAX {
            self.audit.pop_front();
        }
    }

    pub(super) fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(&id.uuid())
    }
}

fn forget<T: Ord>(map: &mut HashMap<Name, BTreeSet<T>>, name: &Name, id: &T) {
    if let Some(set) = map.get_mut(name) {
        set.remove(id);
        if set.is_empty() {
            map.remove(name);
        }
    }
}
