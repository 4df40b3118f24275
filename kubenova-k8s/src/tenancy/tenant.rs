//! The Capsule Tenant and its owners on the cluster.

use std::collections::BTreeSet;

use kube::api::DynamicObject;
use serde_json::json;

use kubenova_core::domain::tenant::Owner;
use kubenova_core::ports::cluster::{ClusterError, ObservedTenant, Presence, TenantSpec};
use kubenova_core::value::{Name, TenantId};

use super::call::{Calls, NAMESPACE, OWNER, TENANT};
use super::observe::{carries, existed_before, has_metadata, holds, is_terminating, label};
use crate::manifest::{labels, tenant};

pub(super) async fn observe(
    calls: &Calls,
    want: &TenantSpec,
) -> Result<ObservedTenant, ClusterError> {
    let ours = format!("{}={}", labels::TENANT_UID, want.id);
    let members = format!("{}={}", labels::CAPSULE_TENANT, want.name);
    let (there, owners, namespaces) = futures::try_join!(
        calls.get(TENANT, None, want.name.as_str()),
        calls.list(OWNER, None, &ours),
        calls.list(NAMESPACE, None, &members),
    )?;
    let presence = presence(there.as_ref(), want);
    let wanted_names: BTreeSet<String> = want
        .owners
        .iter()
        .map(|owner| tenant::owner_name(want, owner))
        .collect();
    let names = owners.iter().filter_map(|one| one.metadata.name.clone());
    let is_current = |owner: &Owner| {
        let manifest = tenant::owner(want, owner);
        let name = manifest["metadata"]["name"].as_str();
        owners.iter().any(|one| {
            one.metadata.name.as_deref() == name
                && has_metadata(one, &manifest)
                && holds(&one.data["spec"], &manifest["spec"])
        })
    };
    Ok(ObservedTenant {
        tenant: presence,
        usable: there.as_ref().is_some_and(is_usable),
        owners: want
            .owners
            .iter()
            .filter(|owner| is_current(owner))
            .cloned()
            .collect(),
        stray_owners: names.filter(|name| !wanted_names.contains(name)).collect(),
        namespaces: namespaces
            .into_iter()
            .filter_map(|one| one.metadata.name)
            .collect(),
    })
}

fn presence(there: Option<&DynamicObject>, want: &TenantSpec) -> Presence {
    let Some(there) = there else {
        return Presence::Absent;
    };
    if !carries(there, labels::TENANT_UID, &want.id.to_string()) {
        return Presence::Foreign;
    }
    if is_terminating(there) {
        return Presence::Terminating;
    }
    let manifest = tenant::tenant(want);
    if has_metadata(there, &manifest) && holds(&there.data["spec"], &manifest["spec"]) {
        return Presence::Current;
    }
    Presence::Differs
}

/// Capsule has worked on the newest version and calls it ready.
fn is_usable(there: &DynamicObject) -> bool {
    let status = &there.data["status"];
    let ready = status["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    ready && status["observedGeneration"].as_i64() == there.metadata.generation
}

pub(super) async fn apply(calls: &Calls, want: &TenantSpec) -> Result<(), ClusterError> {
    let foreign = || ClusterError::Denied {
        what: "a Tenant of this name that is not ours".to_owned(),
    };
    let there = calls.get(TENANT, None, want.name.as_str()).await?;
    let manifest = tenant::tenant(want);
    match presence(there.as_ref(), want) {
        Presence::Foreign => return Err(foreign()),
        Presence::Current | Presence::Differs | Presence::Terminating => {
            calls.apply(TENANT, &manifest).await?;
            return Ok(());
        }
        Presence::Absent => {}
    }
    let made = calls.apply_new(TENANT, &manifest).await?;
    if existed_before(&made) {
        // Somebody else made it between the look and the write: an apply of nothing gives back what we added.
        let bare = json!({"apiVersion": manifest["apiVersion"], "kind": "Tenant", "metadata": {"name": want.name.as_str()}});
        calls.apply(TENANT, &bare).await?;
        return Err(foreign());
    }
    Ok(())
}

pub(super) async fn apply_owner(
    calls: &Calls,
    want: &TenantSpec,
    owner: &Owner,
) -> Result<(), ClusterError> {
    calls.apply(OWNER, &tenant::owner(want, owner)).await?;
    Ok(())
}

pub(super) async fn delete_owner(
    calls: &Calls,
    id: TenantId,
    name: &str,
) -> Result<(), ClusterError> {
    let there = calls.get(OWNER, None, name).await?;
    match there.filter(|there| label(there, labels::TENANT_UID) == Some(id.to_string().as_str())) {
        Some(there) => calls.delete(OWNER, &there).await,
        None => Ok(()),
    }
}

/// Deletes the Capsule Tenant only while it carries our id: garbage collection takes its namespaces with it.
pub(super) async fn delete(calls: &Calls, id: TenantId, name: &Name) -> Result<(), ClusterError> {
    let there = calls.get(TENANT, None, name.as_str()).await?;
    match there.filter(|there| carries(there, labels::TENANT_UID, &id.to_string())) {
        Some(there) if !is_terminating(&there) => calls.delete(TENANT, &there).await,
        Some(_) | None => Ok(()),
    }
}
