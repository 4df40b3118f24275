//! The rights that KubeNova needs on a cluster, and whether it has them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use tokio::time::Instant;

use kubenova_core::ports::cluster::ClusterError;

use super::call::Calls;

const CAPSULE: &str = "capsule.clastix.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
/// What a kind needs whose objects we write by server-side apply, watch, and delete.
const OWNED: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// (group, resource, verbs): what the adapters use. `deploy/clusters/kubenova-rbac.yaml` grants it.
pub const NEEDED: &[(&str, &str, &[&str])] = &[
    (CAPSULE, "tenants", OWNED),
    (CAPSULE, "tenantowners", OWNED),
    (CAPSULE, "capsuleconfigurations", &["get", "list", "watch"]),
    ("", "namespaces", OWNED),
    ("", "serviceaccounts", OWNED),
    ("", "serviceaccounts/token", &["create"]),
    ("", "secrets", OWNED),
    ("events.k8s.io", "events", &["create", "patch"]),
    (RBAC, "clusterroles", OWNED),
    (RBAC, "clusterroles", &["bind", "escalate"]),
    (RBAC, "rolebindings", OWNED),
    (ADMISSION, "mutatingwebhookconfigurations", &["list"]),
    (ADMISSION, "validatingwebhookconfigurations", &["list"]),
];

/// Complete rights are believed for so long; missing ones not so long, because somebody is about to grant them.
const BELIEVED: Duration = Duration::from_secs(600);
const DOUBTED: Duration = Duration::from_secs(30);

/// Rights that are missing, and whether the credential may do everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) missing: Vec<String>,
    pub(crate) all_powerful: bool,
}

/// Remembers what was found, so that a look at a cluster every few seconds does not ask 50 questions each time.
#[derive(Debug, Default)]
pub(crate) struct RightsCache(Mutex<Option<(Instant, Rights)>>);

impl RightsCache {
    pub(super) async fn rights(&self, calls: &Calls) -> Result<Rights, ClusterError> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((when, rights)) = known {
            let holds = if rights.missing.is_empty() {
                BELIEVED
            } else {
                DOUBTED
            };
            if when.elapsed() < holds {
                return Ok(rights);
            }
        }
        let found = review(calls).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), found.clone()));
        Ok(found)
    }
}

async fn review(calls: &Calls) -> Result<Rights, ClusterError> {
    let mut asked = Vec::new();
    for &(group, resource, verbs) in NEEDED {
        asked.extend(
            verbs
                .iter()
                .map(|verb| missing(calls, group, resource, verb)),
        );
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_role_that_is_installed_grants_what_is_asked_for() {
        let file = include_str!("../../../deploy/clusters/kubenova-rbac.yaml");
        let role = file.split("\n---\n").next().unwrap();
        let role: Value = serde_saphyr::from_str(role).unwrap();
        let rules = role["rules"].as_array().unwrap();
        let lists = |rule: &Value, field: &str, wanted: &str| {
            let all = rule[field].as_array().unwrap();
            all.iter().any(|one| one.as_str() == Some(wanted))
        };
        for &(group, resource, verbs) in NEEDED {
            for verb in verbs {
                let granted = rules.iter().any(|rule| {
                    lists(rule, "apiGroups", group)
                        && lists(rule, "resources", resource)
                        && lists(rule, "verbs", verb)
                });
                assert!(granted, "{verb} {resource} of \"{group}\"");
            }
        }
    }
}
