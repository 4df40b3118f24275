//! Whether Capsule works for us, by what it does.

mod administrator;
mod version;
mod webhooks;

use kube::api::DynamicObject;

use kubenova_core::ports::cluster::{ClusterError, Report};

use super::call::{CONFIGURATION, Calls};
use webhooks::{Answer, Guard};

/// The configuration that Capsule reads unless its flags say otherwise.
const USUAL: &str = "default";

fn no(reason: &'static str, message: impl Into<String>) -> Report {
    Report {
        ready: false,
        reason,
        message: message.into(),
    }
}

/// Looks at one thing after the other; the first that is wrong is the report.
pub(super) async fn report(calls: &Calls, repair: bool) -> Result<Report, ClusterError> {
    let Some(configuration) = configuration(calls).await? else {
        return Ok(no(
            "CapsuleMissing",
            "Capsule is not installed: there is no CapsuleConfiguration; install Capsule 0.13.11 or newer",
        ));
    };
    let version = version::running(calls).await?;
    if let Some(refused) = version.filter(|found| !found.is_supported()) {
        return Ok(no(
            "VersionNotSupported",
            format!("Capsule {refused} is not supported; install 0.13.11 or newer, but not 0.14.0"),
        ));
    }
    let guards = webhooks::guards(calls).await?;
    if let Some(refusal) = unguarded(&guards) {
        return Ok(refusal);
    }
    let known = administrator::is_known(calls, &configuration).await?
        || (repair && administrator::enlist(calls, &configuration).await?);
    if !known {
        return Ok(no(
            "NotAdministrator",
            "our identity is not among spec.administrators of the CapsuleConfiguration; add it, or let KubeNova patch that object and bootstrap tenancy again",
        ));
    }
    let version = version.map_or_else(|| "version unknown".to_owned(), |found| found.to_string());
    Ok(match webhooks::ask(calls, &guards).await? {
        Answer::Refused => Report {
            ready: true,
            reason: "Verified",
            message: format!(
                "Capsule ({version}) answers, guards namespaces and knows our identity as administrator"
            ),
        },
        Answer::Silent => no(
            "WebhookDown",
            "Capsule does not answer; no namespace of this cluster can be written until it does",
        ),
        Answer::NotAsked => no(
            "NotGuarding",
            "Capsule did not refuse a namespace of a tenant that does not exist: it does not guard namespaces, or another webhook refuses them first",
        ),
    })
}

async fn configuration(calls: &Calls) -> Result<Option<DynamicObject>, ClusterError> {
    let mut found = match calls.list(CONFIGURATION, None, "").await {
        Ok(found) => found,
        Err(ClusterError::Missing(_)) => return Ok(None),
        Err(err) => return Err(err),
    };
    let usual = found
        .iter()
        .position(|one| one.metadata.name.as_deref() == Some(USUAL));
    let one = usual.or_else(|| (!found.is_empty()).then_some(0));
    Ok(one.map(|at| found.swap_remove(at)))
}

/// Both namespace webhooks must be there, and fail closed.
fn unguarded(guards: &[Guard]) -> Option<Report> {
    match webhooks::complete(guards) {
        (true, true) => None,
        (true, false) => Some(no(
            "WebhooksFailOpen",
            "Capsule's namespace webhooks have failurePolicy Ignore; without Capsule tenants would not be separated",
        )),
        (false, _) => Some(no(
            "WebhooksMissing",
            "Capsule's namespace webhooks are not registered; wait for Capsule to start, or check its admission settings",
        )),
    }
}
