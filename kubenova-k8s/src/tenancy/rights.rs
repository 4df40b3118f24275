//! The rights that KubeNova needs on a cluster, and whether it has them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use kubenova_core::ports::cluster::ClusterError;
use tokio::time::Instant;

use super::call::Calls;

/// (group, resource, verb): what `deploy/clusters/kubenova-rbac.yaml` grants and the adapters use.
pub const NEEDED: &[(&str, &str, &str)] = &[
    ("capsule.clastix.io", "tenants", "create"),
    ("capsule.clastix.io", "tenants", "patch"),
    ("capsule.clastix.io", "tenants", "delete"),
    ("capsule.clastix.io", "tenants", "watch"),
    ("capsule.clastix.io", "tenantowners", "create"),
    ("capsule.clastix.io", "tenantowners", "patch"),
    ("capsule.clastix.io", "tenantowners", "delete"),
    ("capsule.clastix.io", "capsuleconfigurations", "get"),
    ("", "namespaces", "create"),
    ("", "namespaces", "patch"),
    ("", "namespaces", "delete"),
    ("", "namespaces", "watch"),
    ("", "serviceaccounts", "create"),
    ("", "serviceaccounts", "delete"),
    ("", "serviceaccounts/token", "create"),
    ("", "secrets", "create"),
    ("", "secrets", "delete"),
    ("rbac.authorization.k8s.io", "clusterroles", "create"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ("rbac.authorization.k8s.io", "rolebindings", "create"),
    ("rbac.authorization.k8s.io", "rolebindings", "patch"),
    ("rbac.authorization.k8s.io", "rolebindings", "delete"),
    ("rbac.authorization.k8s.io", "rolebindings", "watch"),
];

/// What was found out is believed for so long.
const BELIEVED: Duration = Duration::from_secs(600);

/// Rights that are missing, and whether the credential may do everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) missing: Vec<String>,
    pub(crate) all_powerful: bool,
}

/// Remembers complete rights for ten minutes; incomplete ones are asked for anew each time.
#[derive(Debug, Default)]
pub(crate) struct RightsCache(Mutex<Option<(Instant, Rights)>>);

impl RightsCache {
    pub(super) async fn rights(&self, calls: &Calls) -> Result<Rights, ClusterError> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((when, rights)) = known
            && when.elapsed() < BELIEVED
        {
            return Ok(rights);
        }
        let found = review(calls).await?;
        let complete = found
            .missing
            .is_empty()
            .then(|| (Instant::now(), found.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = complete;
        Ok(found)
    }
}

async fn review(calls: &Calls) -> Result<Rights, ClusterError> {
    let mut asked = Vec::with_capacity(NEEDED.len());
    for &(group, resource, verb) in NEEDED {
        asked.push(missing(calls, group, resource, verb));
    }
    let missing: Vec<Option<String>> = stream::iter(asked).buffered(8).try_collect().await?;
    let all_powerful = may(calls, "*", "*", "*").await?;
    Ok(Rights {
        missing: missing.into_iter().flatten().collect(),
        all_powerful,
    })
}

async fn missing(
    calls: &Calls,
    group: &str,
    resource: &str,
    verb: &str,
) -> Result<Option<String>, ClusterError> {
    let allowed = may(calls, group, resource, verb).await?;
    Ok((!allowed).then(|| format!("{verb} {resource}")))
}

async fn may(calls: &Calls, group: &str, resource: &str, verb: &str) -> Result<bool, ClusterError> {
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, sub)) => (resource, Some(sub.to_owned())),
        None => (resource, None),
    };
    let attributes = ResourceAttributes {
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource,
        verb: Some(verb.to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        non_resource_attributes: None,
    };
    let review = SelfSubjectAccessReview {
        spec,
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(calls.client());
    let params = PostParams::default();
    let made = calls
        .within(
            "create selfsubjectaccessreviews",
            api.create(&params, &review),
        )
        .await?;
    Ok(made.status.is_some_and(|status| status.allowed))
}
