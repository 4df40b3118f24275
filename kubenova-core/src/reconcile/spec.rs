//! From rows to the intent for a cluster.

use crate::domain::project::Project;
use crate::domain::tenant::{Owner, Tenant};
use crate::ports::cluster::{ProjectSpec, TenantSpec};

/// The intent for a Capsule Tenant.
pub fn tenant(tenant: &Tenant) -> TenantSpec {
    TenantSpec {
        id: tenant.id,
        cluster: tenant.cluster,
        name: tenant.name.clone(),
        owners: tenant.owners.iter().map(Owner::from).collect(),
        labels: tenant.labels.as_map().clone(),
        annotations: tenant.annotations.as_map().clone(),
        bounds: tenant.bounds.clone(),
        request: None,
    }
}

/// The intent for a namespace.
pub fn project(project: &Project) -> ProjectSpec {
    ProjectSpec {
        id: project.id,
        tenant: project.tenant,
        cluster: project.cluster,
        tenant_name: project.tenant_name.clone(),
        name: project.name.clone(),
        namespace: project.namespace.clone(),
        labels: project.labels.as_map().clone(),
        annotations: project.annotations.as_map().clone(),
        request: None,
    }
}
