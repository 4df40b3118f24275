//! Capsule's webhooks: are they registered to fail closed, and do they answer.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use kubenova_core::ports::cluster::ClusterError;

use crate::manifest::labels;
use crate::tenancy::call::{Calls, MANAGER, NAMESPACE, classify};

/// The paths that Capsule serves for namespaces; names of webhooks are configuration, these are not.
const PATHS: [&str; 2] = ["/namespaces/mutating", "/namespaces/validating"];

/// A webhook for namespaces.
pub(super) struct Guard {
    name: String,
    path: &'static str,
    fails_closed: bool,
}

impl Guard {
    fn of(name: String, client: &WebhookClientConfig, policy: Option<&str>) -> Option<Self> {
        let service = client.service.as_ref().and_then(|one| one.path.as_deref());
        let reached = client.url.as_deref().or(service)?;
        let path = PATHS.into_iter().find(|path| reached.ends_with(path))?;
        Some(Self {
            name,
            path,
            // An absent policy is Fail in this version of the API.
            fails_closed: policy != Some("Ignore"),
        })
    }
}

/// Every webhook that guards namespaces for Capsule.
pub(super) async fn guards(calls: &Calls) -> Result<Vec<Guard>, ClusterError> {
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
    let mutating = mutating
        .items
        .into_iter()
        .flat_map(|one| one.webhooks.unwrap_or_default())
        .map(|hook| (hook.name, hook.client_config, hook.failure_policy));
    let validating = validating
        .items
        .into_iter()
        .flat_map(|one| one.webhooks.unwrap_or_default())
        .map(|hook| (hook.name, hook.client_config, hook.failure_policy));
    let all = mutating.chain(validating);
    let guards =
        all.filter_map(|(name, client, policy)| Guard::of(name, &client, policy.as_deref()));
    Ok(guards.collect())
}

/// Whether namespaces are guarded on both ways, and whether an absent Capsule keeps them closed.
pub(super) fn complete(guards: &[Guard]) -> (bool, bool) {
    let both = PATHS
        .into_iter()
        .all(|path| guards.iter().any(|guard| guard.path == path));
    (both, guards.iter().all(|guard| guard.fails_closed))
}

/// What came of a dry run that Capsule must refuse.
pub(super) enum Answer {
    /// Capsule refused it.
    Refused,
    /// Capsule does not answer.
    Silent,
    /// It was accepted, or refused by somebody else.
    NotAsked,
}

/// A dry run that Capsule must refuse: a namespace of a tenant that does not exist.
pub(super) async fn ask(calls: &Calls, guards: &[Guard]) -> Result<Answer, ClusterError> {
    let name = "kubenova-posture-probe";
    let probe = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {labels::CAPSULE_TENANT: "kubenova-no-such-tenant"}},
    });
    let api = calls.api(NAMESPACE, None);
    let params = PatchParams {
        dry_run: true,
        ..PatchParams::apply(MANAGER)
    };
    let patch = Patch::Apply(&probe);
    let answer = async {
        let Err(refused) = api.patch(name, &params, &patch).await else {
            return Ok(Answer::NotAsked);
        };
        let told = classify(&refused, "apply namespaces");
        if told == ClusterError::WebhookDown {
            return Ok(Answer::Silent);
        }
        if let (ClusterError::Denied { .. }, kube::Error::Api(status)) = (told, &refused) {
            let named = |guard: &Guard| status.message.contains(&format!("\"{}\"", guard.name));
            return Ok(if guards.iter().any(named) {
                Answer::Refused
            } else {
                Answer::NotAsked
            });
        }
        Err(refused)
    };
    calls.within("apply namespaces", answer).await
}
