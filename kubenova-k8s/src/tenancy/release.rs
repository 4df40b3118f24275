//! Lets go of everything on a cluster: what gives access goes, what tenants have stays.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::value::ClusterId;

use super::call::{ACCOUNT, BINDING, Calls, Kind, NAMESPACE, OWNER, SECRET, TENANT};
use super::platform;
use crate::manifest::{labels, rbac};

/// So many calls at once: a cluster may have thousands of projects.
const AT_ONCE: usize = 8;

/// Access first: bindings, Secrets, accounts, owners. Then the marks. Tenants and namespaces stay as they are, Capsule's
/// membership included. Idempotent: what was let go of is not found again.
pub(super) async fn all(calls: &Calls, cluster: ClusterId) -> Result<(), ClusterError> {
    let ours = format!("{},{}={cluster}", labels::OURS, labels::CLUSTER);
    let projects = format!("{ours},{}", labels::PROJECT_UID);
    let namespaces = calls.list(NAMESPACE, None, &projects).await?;
    let unbound = namespaces.iter().map(|namespace| unbind(calls, namespace));
    together(unbound).await?;
    for (kind, namespace) in [
        (SECRET, Some(PLATFORM_NAMESPACE)),
        (ACCOUNT, Some(PLATFORM_NAMESPACE)),
        (OWNER, None),
    ] {
        let found = calls.list(kind, namespace, &ours).await?;
        together(found.iter().map(|one| calls.delete(kind, one))).await?;
    }
    let tenants = calls.list(TENANT, None, &ours).await?;
    together(namespaces.iter().map(|one| unmark(calls, NAMESPACE, one))).await?;
    together(tenants.iter().map(|one| unmark(calls, TENANT, one))).await?;
    platform::delete(calls, cluster).await
}

/// All of them, some at once; the first failure ends it.
async fn together<F>(work: impl Iterator<Item = F>) -> Result<(), ClusterError>
where
    F: Future<Output = Result<(), ClusterError>>,
{
    let work: Vec<F> = work.collect();
    stream::iter(work)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Our role bindings by their names, not by labels: a label may have been taken away.
async fn unbind(calls: &Calls, namespace: &DynamicObject) -> Result<(), ClusterError> {
    let names = ProjectRole::ALL.map(rbac::binding_name);
    let place = namespace.metadata.name.as_deref();
    for binding in calls.list(BINDING, place, "").await? {
        if binding
            .metadata
            .name
            .as_ref()
            .is_some_and(|name| names.contains(name))
        {
            calls.delete(BINDING, &binding).await?;
        }
    }
    Ok(())
}

async fn unmark(calls: &Calls, kind: Kind, one: &DynamicObject) -> Result<(), ClusterError> {
    let patch = json!({"metadata": {
        "labels": unmarked(one.metadata.labels.as_ref()),
        "annotations": unmarked(one.metadata.annotations.as_ref()),
    }});
    // Capsule writes at the same moment: it sees its owners go.
    calls.merge_newest(kind, one, patch).await
}

fn unmarked(map: Option<&BTreeMap<String, String>>) -> Value {
    let keys = map
        .into_iter()
        .flat_map(|map| map.keys())
        .filter(|key| labels::is_ours(key));
    keys.map(|key| (key.clone(), Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
