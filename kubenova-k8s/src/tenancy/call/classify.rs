//! From a client's failures to those of the port.

use kube::core::Status;

use kubenova_core::ports::cluster::ClusterError;

use crate::client::fault;

/// Turns a client's error into one of the port's. `what` is ours; the cluster's text is looked at, never passed on.
pub(crate) fn classify(err: &kube::Error, what: &str) -> ClusterError {
    let what = || what.to_owned();
    let kube::Error::Api(status) = err else {
        return transport(err);
    };
    let webhook = |text: &str| status.message.contains("webhook") && status.message.contains(text);
    match status.code {
        // Its namespace went, or is going: the next look tells.
        403 | 404 if concerns_namespace(status) => ClusterError::Conflict,
        _ if webhook("failed calling webhook") => ClusterError::WebhookDown,
        401 => ClusterError::Unauthorized,
        403 if webhook("denied the request") => ClusterError::Denied { what: what() },
        403 => ClusterError::Forbidden { what: what() },
        404 => ClusterError::Missing("this object or its kind"),
        // 410: a list took longer than the API server keeps its pages.
        409 | 410 => ClusterError::Conflict,
        // A denial by Capsule's namespace webhook has code 500 and no reason.
        500 if webhook("denied the request") => ClusterError::Denied { what: what() },
        400 | 405 | 413 | 415 | 422 => ClusterError::Denied { what: what() },
        429 | 500 | 502 | 503 | 504 => ClusterError::Unreachable,
        _ => ClusterError::BadAnswer,
    }
}

fn concerns_namespace(status: &Status) -> bool {
    let Some(details) = &status.details else {
        return false;
    };
    let terminating = details
        .causes
        .iter()
        .any(|cause| cause.reason == "NamespaceTerminating");
    terminating || (status.code == 404 && details.kind == "namespaces")
}

fn transport(err: &kube::Error) -> ClusterError {
    if matches!(err, kube::Error::SerdeError(_) | kube::Error::FromUtf8(_)) {
        return ClusterError::BadAnswer;
    }
    fault::transport(err)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(code: u16, message: &str, details: &Value) -> ClusterError {
        let status =
            json!({"status": "Failure", "code": code, "message": message, "details": details});
        let status: Status = serde_json::from_value(status).unwrap();
        classify(&kube::Error::Api(Box::new(status)), "apply namespaces")
    }

    fn plain(code: u16, message: &str) -> ClusterError {
        status(code, message, &json!({}))
    }

    #[test]
    fn a_webhooks_denial_is_final_and_its_silence_is_not() {
        let denied = ClusterError::Denied {
            what: "apply namespaces".to_owned(),
        };
        let text =
            "admission webhook \"namespaces.validating.projectcapsule.dev\" denied the request: no";
        assert_eq!(plain(500, text), denied);
        assert_eq!(plain(403, text), denied);
        assert_eq!(plain(400, text), denied);
        let silent = "Internal error occurred: failed calling webhook \"namespaces.mutating.projectcapsule.dev\": connection refused";
        assert_eq!(plain(500, silent), ClusterError::WebhookDown);
        assert_eq!(
            plain(500, "etcdserver: request timed out"),
            ClusterError::Unreachable
        );
    }

    #[test]
    fn missing_rights_are_told_by_our_own_words() {
        let told = plain(
            403,
            "namespaces \"secret-name\" is forbidden: User \"x\" cannot",
        );
        assert_eq!(
            told,
            ClusterError::Forbidden {
                what: "apply namespaces".to_owned()
            }
        );
        assert!(!told.to_string().contains("secret-name"));
    }

    #[test]
    fn a_namespace_that_goes_meanwhile_is_a_conflict() {
        let terminating =
            json!({"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]});
        assert_eq!(status(403, "x", &terminating), ClusterError::Conflict);
        let absent = json!({"kind": "namespaces", "name": "acme-web"});
        assert_eq!(status(404, "x", &absent), ClusterError::Conflict);
        assert_eq!(plain(410, "x"), ClusterError::Conflict);
        let kind = plain(404, "404 page not found");
        assert!(matches!(kind, ClusterError::Missing(_)));
    }
}
