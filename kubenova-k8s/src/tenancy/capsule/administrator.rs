//! Whether our identity is one of Capsule's administrators: cluster-admin is not enough to write a tenant's label.

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};

use kubenova_core::ports::cluster::ClusterError;

use crate::tenancy::call::{CONFIGURATION, Calls};

async fn whoami(calls: &Calls) -> Result<(String, Vec<String>), ClusterError> {
    let api: Api<SelfSubjectReview> = Api::all(calls.client());
    let params = PostParams::default();
    let review = SelfSubjectReview::default();
    let made = calls
        .within("create selfsubjectreviews", api.create(&params, &review))
        .await?;
    let user = made
        .status
        .and_then(|status| status.user_info)
        .unwrap_or_default();
    Ok((
        user.username.unwrap_or_default(),
        user.groups.unwrap_or_default(),
    ))
}

pub(super) async fn is_known(
    calls: &Calls,
    configuration: &DynamicObject,
) -> Result<bool, ClusterError> {
    let (name, groups) = whoami(calls).await?;
    let ignored = configuration.data["spec"]["ignoreUserWithGroups"].as_array();
    let is_ours = |group: &Value| groups.iter().any(|ours| group.as_str() == Some(ours));
    if ignored.into_iter().flatten().any(is_ours) {
        return Ok(false);
    }
    let administrators = configuration.data["spec"]["administrators"]
        .as_array()
        .into_iter()
        .flatten();
    let is_us = |one: &Value| {
        let called = one["name"].as_str().unwrap_or_default();
        match one["kind"].as_str() {
            Some("Group") => groups.iter().any(|group| group == called),
            Some("User" | "ServiceAccount") => called == name,
            Some(_) | None => false,
        }
    };
    Ok(administrators.into_iter().any(is_us))
}

/// Adds our identity to the administrators; false where we may not.
pub(super) async fn enlist(
    calls: &Calls,
    configuration: &DynamicObject,
) -> Result<bool, ClusterError> {
    let (name, _) = whoami(calls).await?;
    let kind = if name.starts_with("system:serviceaccount:") {
        "ServiceAccount"
    } else {
        "User"
    };
    let mut administrators = configuration.data["spec"]["administrators"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    administrators.push(json!({"kind": kind, "name": name}));
    let patch = json!({"spec": {"administrators": administrators}});
    match calls.merge(CONFIGURATION, configuration, patch).await {
        Ok(()) => Ok(true),
        Err(ClusterError::Forbidden { .. } | ClusterError::Denied { .. }) => Ok(false),
        Err(err) => Err(err),
    }
}
