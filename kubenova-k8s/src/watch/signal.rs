//! From an object to what has to be looked at.

use serde_json::Value;

use kubenova_core::change::Work;
use kubenova_core::ports::cluster::Signal;
use kubenova_core::value::{GrantId, ProjectId, TenantId};

use crate::manifest::labels;
use crate::tenancy::call::Kind;

/// What an object, or the manifest of one, concerns; `None` when its marks say nothing that we know.
pub(super) fn of(kind: Kind, object: &Value) -> Option<Signal> {
    let metadata = &object["metadata"];
    let mark = |key: &str| {
        metadata["labels"][key]
            .as_str()
            .or_else(|| metadata["annotations"][key].as_str())
    };
    match kind.plural {
        "clusterroles" | "capsuleconfigurations" => Some(Signal::Platform),
        "namespaces" | "rolebindings" => match mark(labels::PROJECT_UID) {
            Some(uid) => uid
                .parse()
                .ok()
                .map(|id: ProjectId| Signal::Changed(Work::Project(id))),
            None => Some(Signal::Platform),
        },
        "tenants" | "tenantowners" => {
            let id: TenantId = mark(labels::TENANT_UID)?.parse().ok()?;
            Some(Signal::Changed(Work::Tenant(id)))
        }
        _ => {
            let id: GrantId = mark(labels::GRANT_UID)?.parse().ok()?;
            Some(Signal::Changed(Work::Grant(id)))
        }
    }
}
