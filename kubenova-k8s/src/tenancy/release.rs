//! Lets go of everything on a cluster: what gives access goes, what tenants have stays.

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::value::ClusterId;
use serde_json::{Value, json};

use super::call::{ACCOUNT, BINDING, Calls, NAMESPACE, OWNER, SECRET, TENANT};
use super::platform;
use crate::manifest::{labels, rbac};

/// Access first: bindings, Secrets, accounts, owners. Then the marks. Tenants and namespaces stay as they are, Capsule's
/// membership included.
pub(super) async fn all(calls: &Calls, cluster: ClusterId) -> Result<(), ClusterError> {
    let ours = format!("{},{}={cluster}", labels::OURS, labels::CLUSTER);
    let namespaces = calls
        .list(NAMESPACE, None, &format!("{ours},{}", labels::PROJECT_UID))
        .await?;
    for namespace in &namespaces {
        let name = namespace.metadata.name.as_deref();
        for role in ProjectRole::ALL {
            calls
                .delete_named(BINDING, name, &rbac::binding_name(role))
                .await?;
        }
    }
    for kind in [SECRET, ACCOUNT] {
        for one in calls.list(kind, Some(PLATFORM_NAMESPACE), &ours).await? {
            calls.delete(kind, &one).await?;
        }
    }
    for owner in calls.list(OWNER, None, &ours).await? {
        calls.delete(OWNER, &owner).await?;
    }
    for (kind, objects) in [
        (NAMESPACE, namespaces),
        (TENANT, calls.list(TENANT, None, &ours).await?),
    ] {
        for one in objects {
            let patch = json!({"metadata": {
                "labels": unmarked(one.metadata.labels.as_ref()),
                "annotations": unmarked(one.metadata.annotations.as_ref()),
            }});
            calls.merge(kind, &one, patch).await?;
        }
    }
    platform::delete(calls).await?;
    Ok(())
}

fn unmarked(map: Option<&std::collections::BTreeMap<String, String>>) -> Value {
    let keys = map
        .into_iter()
        .flat_map(|map| map.keys())
        .filter(|key| labels::is_ours(key));
    keys.map(|key| (key.clone(), Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
