//! From an object to what has to be looked at.

use kube::api::DynamicObject;
use kubenova_core::change::Work;
use kubenova_core::ports::cluster::Signal;
use kubenova_core::value::{GrantId, ProjectId, TenantId};

use crate::manifest::labels;
use crate::tenancy::call::Kind;

pub(super) fn of(kind: Kind, object: &DynamicObject) -> Option<Signal> {
    let mark = |key: &str| {
        let label = object.metadata.labels.as_ref().and_then(|map| map.get(key));
        label.or_else(|| {
            object
                .metadata
                .annotations
                .as_ref()
                .and_then(|map| map.get(key))
        })
    };
    match kind.plural {
        "clusterroles" | "capsuleconfigurations" => Some(Signal::Platform),
        "namespaces" | "rolebindings" => match mark(labels::PROJECT_UID) {
            Some(uid) => uid
                .parse()
                .ok()
                .map(|uuid: ProjectId| Signal::Changed(Work::Project(uuid))),
            None => Some(Signal::Platform),
        },
        "tenants" | "tenantowners" => {
            let uid: TenantId = mark(labels::TENANT_UID)?.parse().ok()?;
            Some(Signal::Changed(Work::Tenant(uid)))
        }
        _ => {
            let uid: GrantId = mark(labels::GRANT_UID)?.parse().ok()?;
            Some(Signal::Changed(Work::Grant(uid)))
        }
    }
}
