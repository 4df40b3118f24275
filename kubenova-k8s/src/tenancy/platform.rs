//! The platform objects: the accounts' namespace and the ClusterRoles.

use kube::api::DynamicObject;

use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::{ClusterError, Presence};
use kubenova_core::value::ClusterId;

use super::call::{CLUSTER_ROLE, Calls, NAMESPACE};
use super::observe::{has_metadata, is_terminating, label};
use crate::manifest::{labels, namespace, rbac};

pub(super) async fn observe(calls: &Calls, cluster: ClusterId) -> Result<Presence, ClusterError> {
    let Some(there) = calls.get(NAMESPACE, None, PLATFORM_NAMESPACE).await? else {
        return Ok(Presence::Absent);
    };
    if is_terminating(&there) {
        return Ok(Presence::Terminating);
    }
    if !has_metadata(&there, &namespace::platform(cluster)) {
        return Ok(Presence::Differs);
    }
    for want in rbac::cluster_roles(cluster) {
        let name = want["metadata"]["name"].as_str().unwrap_or_default();
        let same = calls
            .get(CLUSTER_ROLE, None, name)
            .await?
            .is_some_and(|there| {
                there.data["rules"] == want["rules"]
                    && there.data.get("aggregationRule").is_none()
                    && has_metadata(&there, &want)
            });
        if !same {
            return Ok(Presence::Differs);
        }
    }
    Ok(Presence::Current)
}

pub(super) async fn apply(calls: &Calls, cluster: ClusterId) -> Result<(), ClusterError> {
    calls
        .apply(NAMESPACE, &namespace::platform(cluster))
        .await?;
    for role in rbac::cluster_roles(cluster) {
        calls.apply(CLUSTER_ROLE, &role).await?;
    }
    Ok(())
}

/// Deletes what [`apply`] makes; what another installation has put there under the same name stays.
pub(super) async fn delete(calls: &Calls, cluster: ClusterId) -> Result<(), ClusterError> {
    let another = |there: &DynamicObject| {
        label(there, labels::MANAGED_BY) != Some(labels::US)
            || label(there, labels::CLUSTER).is_some_and(|uid| uid != cluster.to_string())
    };
    for want in rbac::cluster_roles(cluster) {
        let name = want["metadata"]["name"].as_str().unwrap_or_default();
        let there = calls.get(CLUSTER_ROLE, None, name).await?;
        if let Some(there) = there.filter(|there| !another(there)) {
            calls.delete(CLUSTER_ROLE, &there).await?;
        }
    }
    let there = calls.get(NAMESPACE, None, PLATFORM_NAMESPACE).await?;
    match there.filter(|there| !another(there) && !is_terminating(there)) {
        Some(there) => calls.delete(NAMESPACE, &there).await,
        None => Ok(()),
    }
}
