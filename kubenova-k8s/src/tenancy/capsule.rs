//! Whether Capsule works for us, by what it does.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kubenova_core::ports::cluster::{ClusterError, Report};
use serde_json::{Value, json};

use super::call::{CONFIGURATION, Calls, MANAGER, NAMESPACE};
use crate::manifest::labels;

/// The oldest Capsule that works for us; 0.14.0 is refused because its Tenant controller may never start.
const OLDEST: (u64, u64, u64) = (0, 13, 11);
const REFUSED: (u64, u64, u64) = (0, 14, 0);

fn no(reason: &'static str, message: impl Into<String>) -> Report {
    Report {
        ready: false,
        reason,
        message: message.into(),
    }
}

pub(super) async fn report(calls: &Calls, repair: bool) -> Result<Report, ClusterError> {
    let Some(configuration) = configuration(calls).await? else {
        return Ok(no(
            "CapsuleMissing",
            "Capsule is not installed: there is no CapsuleConfiguration; install Capsule 0.13.11 or newer",
        ));
    };
    if let Some(refusal) = version(calls).await? {
        return Ok(refusal);
    }
    if let Some(refusal) = webhooks(calls).await? {
        return Ok(refusal);
    }
    let known = is_administrator(calls, &configuration).await?
        || (repair && enlist(calls, &configuration).await?);
    if !known {
        return Ok(no(
            "NotAdministrator",
            "our identity is not among spec.administrators of the CapsuleConfiguration; add it, or let KubeNova patch that object and bootstrap tenancy again",
        ));
    }
    answers(calls).await
}

async fn configuration(calls: &Calls) -> Result<Option<DynamicObject>, ClusterError> {
    match calls.list(CONFIGURATION, None, "").await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(ClusterError::Missing(_)) => Ok(None),
        Err(err) => Err(err),
    }
}

/// The version, where the controller's pods tell it by their image; elsewhere behaviour alone decides.
async fn version(calls: &Calls) -> Result<Option<Report>, ClusterError> {
    use k8s_openapi::api::core::v1::Pod;
    let api: Api<Pod> = Api::namespaced(calls.client(), "capsule-system");
    let params = ListParams::default()
        .labels("app.kubernetes.io/name=capsule")
        .limit(10);
    let pods = match calls.within("list pods", api.list(&params)).await {
        Ok(pods) => pods,
        Err(ClusterError::Forbidden { .. } | ClusterError::Missing(_)) => return Ok(None),
        Err(err) => return Err(err),
    };
    let containers = pods
        .items
        .iter()
        .filter_map(|pod| pod.spec.as_ref())
        .flat_map(|spec| &spec.containers);
    let images = containers.filter_map(|container| container.image.as_deref());
    let refused = images
        .filter_map(tag_of)
        .find(|found| *found < OLDEST || *found == REFUSED);
    Ok(refused.map(|(major, minor, patch)| {
        no("VersionNotSupported", format!("Capsule {major}.{minor}.{patch} is not supported; install 0.13.11 or newer, but not 0.14.0"))
    }))
}

fn tag_of(image: &str) -> Option<(u64, u64, u64)> {
    let tag = image.split('@').next()?.rsplit_once(':')?.1;
    let mut parts = tag
        .trim_start_matches('v')
        .split(['.', '-', '+'])
        .map(str::parse);
    Some((
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    ))
}

/// Both webhook configurations must guard namespaces, and fail closed.
async fn webhooks(calls: &Calls) -> Result<Option<Report>, ClusterError> {
    let params = ListParams::default().limit(500);
    let mutating: Api<MutatingWebhookConfiguration> = Api::all(calls.client());
    let validating: Api<ValidatingWebhookConfiguration> = Api::all(calls.client());
    let (mutating, validating) = futures::try_join!(
        calls.within("list mutatingwebhookconfigurations", mutating.list(&params)),
        calls.within(
            "list validatingwebhookconfigurations",
            validating.list(&params)
        ),
    )?;
    let mutating: Vec<(String, Option<String>)> = mutating
        .items
        .into_iter()
        .flat_map(|one| one.webhooks.unwrap_or_default())
        .map(|hook| (hook.name, hook.failure_policy))
        .collect();
    let validating: Vec<(String, Option<String>)> = validating
        .items
        .into_iter()
        .flat_map(|one| one.webhooks.unwrap_or_default())
        .map(|hook| (hook.name, hook.failure_policy))
        .collect();
    let guard = |hooks: &[(String, Option<String>)], name: &str| {
        hooks
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, policy)| policy.as_deref() == Some("Fail"))
    };
    let found = [
        guard(&mutating, "namespaces.mutating.projectcapsule.dev"),
        guard(&validating, "namespaces.validating.projectcapsule.dev"),
    ];
    if found.contains(&None) {
        return Ok(Some(no(
            "WebhooksMissing",
            "Capsule's namespace webhooks are not registered; wait for Capsule to start, or check its admission settings",
        )));
    }
    if found.contains(&Some(false)) {
        return Ok(Some(no(
            "WebhooksFailOpen",
            "Capsule's namespace webhooks have failurePolicy Ignore; without Capsule tenants would not be separated",
        )));
    }
    Ok(None)
}

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

async fn is_administrator(
    calls: &Calls,
    configuration: &DynamicObject,
) -> Result<bool, ClusterError> {
    let (name, groups) = whoami(calls).await?;
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
async fn enlist(calls: &Calls, configuration: &DynamicObject) -> Result<bool, ClusterError> {
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

/// A dry run that Capsule must refuse: a namespace of a tenant that does not exist.
async fn answers(calls: &Calls) -> Result<Report, ClusterError> {
    let probe = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "kubenova-posture-probe", "labels": {labels::CAPSULE_TENANT: "kubenova-no-such-tenant"}},
    });
    let api = calls.api(NAMESPACE, None);
    let params = PatchParams {
        dry_run: true,
        ..PatchParams::apply(MANAGER)
    };
    let patch = Patch::Apply(&probe);
    let call = api.patch("kubenova-posture-probe", &params, &patch);
    match calls.within("apply namespaces", call).await {
        Err(ClusterError::Denied { .. }) => Ok(Report {
            ready: true,
            reason: "Verified",
            message: "Capsule answers, guards namespaces and knows our identity as administrator"
                .to_owned(),
        }),
        Err(ClusterError::WebhookDown) => Ok(no(
            "WebhookDown",
            "Capsule does not answer; no namespace of this cluster can be written until it does",
        )),
        Ok(_) => Ok(no(
            "NotGuarding",
            "a namespace of a tenant that does not exist was accepted; Capsule does not guard namespaces",
        )),
        Err(err) => Err(err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_images() {
        assert_eq!(
            tag_of("ghcr.io/projectcapsule/capsule:v0.13.11"),
            Some((0, 13, 11))
        );
        assert_eq!(
            tag_of("host:5000/capsule:0.14.0-rc.1@sha256:abc"),
            Some((0, 14, 0))
        );
        assert_eq!(tag_of("host:5000/capsule"), None);
    }
}
