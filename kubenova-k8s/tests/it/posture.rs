//! What the report on Capsule says, case by case.

use axum::response::IntoResponse;
use serde_json::{Value, json};

use kubenova_core::ports::cluster::{ClusterProbe, Report};

use crate::fake::{Fake, refusal};

const CONFIGURATION: &str = "/apis/capsule.clastix.io/v1beta2/capsuleconfigurations/default";
const HOOKS: &str = "/apis/admissionregistration.k8s.io/v1";
/// Names of webhooks are configuration: not Capsule's usual ones here.
const NAMES: [&str; 2] = ["change.namespaces.example", "check.namespaces.example"];

fn hook(name: &str, path: &str, policy: &str) -> Value {
    json!({"webhooks": [{
        "name": name,
        "clientConfig": {"service": {"name": "capsule", "namespace": "capsule-system", "path": path}},
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }]})
}

/// A cluster with Capsule, where everything is right but for what the test changes.
fn capsule(administrators: &Value, policy: &str) -> Fake {
    let fake = Fake::new();
    fake.put(
        CONFIGURATION,
        json!({"metadata": {"name": "default"}, "spec": {"administrators": administrators, "users": [{"kind": "Group", "name": "x"}]}}),
    );
    let mut mutating = hook(NAMES[0], "/namespaces/mutating", "Fail");
    mutating["metadata"] = json!({"name": "capsule"});
    fake.put(
        &format!("{HOOKS}/mutatingwebhookconfigurations/capsule"),
        mutating,
    );
    let mut validating = hook(NAMES[1], "/namespaces/validating", policy);
    validating["metadata"] = json!({"name": "capsule"});
    fake.put(
        &format!("{HOOKS}/validatingwebhookconfigurations/capsule"),
        validating,
    );
    answers(
        &fake,
        &format!(
            "admission webhook \"{}\" denied the request: not found",
            NAMES[0]
        ),
    );
    fake
}

/// What comes of the dry run; and who we are.
fn answers(fake: &Fake, to_probe: &str) {
    let to_probe = to_probe.to_owned();
    fake.fault(move |call| {
        if call.ends_with("/selfsubjectreviews") {
            let who = json!({"username": "kubenova", "groups": ["system:authenticated"]});
            let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}, "status": {"userInfo": who}});
            return Some(axum::Json(review).into_response());
        }
        call.ends_with("kubenova-posture-probe")
            .then(|| refusal(500, &to_probe))
    });
}

fn us() -> Value {
    json!([{"kind": "User", "name": "kubenova"}])
}

async fn report(fake: &Fake, repair: bool) -> Report {
    fake.cluster("").tenancy(repair).await.unwrap()
}

#[tokio::test]
async fn all_is_well() {
    let seen = report(&capsule(&us(), "Fail"), false).await;
    assert_eq!((seen.ready, seen.reason), (true, "Verified"));
    assert!(seen.message.contains("version unknown"), "no pods tell it");
}

#[tokio::test]
async fn a_version_that_does_not_work_is_named() {
    for (image, reason) in [
        (
            "ghcr.io/projectcapsule/capsule:v0.13.10",
            "VersionNotSupported",
        ),
        (
            "ghcr.io/projectcapsule/capsule:v0.14.0",
            "VersionNotSupported",
        ),
        ("ghcr.io/projectcapsule/capsule:v0.14.1", "Verified"),
    ] {
        let fake = capsule(&us(), "Fail");
        fake.put(
            "/api/v1/namespaces/capsule-system/pods/capsule-0",
            json!({"metadata": {"name": "capsule-0", "namespace": "capsule-system", "labels": {"app.kubernetes.io/name": "capsule"}}, "spec": {"containers": [{"name": "manager", "image": image}]}}),
        );
        assert_eq!(report(&fake, false).await.reason, reason, "{image}");
    }
}

#[tokio::test]
async fn webhooks_must_be_there_and_fail_closed() {
    let open = capsule(&us(), "Ignore");
    assert_eq!(report(&open, false).await.reason, "WebhooksFailOpen");
    let half = capsule(&us(), "Fail");
    half.remove(&format!("{HOOKS}/mutatingwebhookconfigurations/capsule"));
    assert_eq!(report(&half, false).await.reason, "WebhooksMissing");
}

#[tokio::test]
async fn webhooks_must_answer_and_be_capsules() {
    let fake = capsule(&us(), "Fail");
    answers(
        &fake,
        "failed calling webhook \"check.namespaces.example\": connection refused",
    );
    assert_eq!(report(&fake, false).await.reason, "WebhookDown");
    answers(
        &fake,
        "admission webhook \"policy.example\" denied the request: no",
    );
    assert_eq!(report(&fake, false).await.reason, "NotGuarding");
}

#[tokio::test]
async fn our_identity_is_added_only_on_request_and_beside_the_others() {
    let others = json!([{"kind": "Group", "name": "admins"}]);
    let fake = capsule(&others, "Fail");
    let seen = report(&fake, false).await;
    assert_eq!((seen.ready, seen.reason), (false, "NotAdministrator"));
    let writes = |fake: &Fake| {
        let all = fake.writes();
        all.iter()
            .any(|call| *call == format!("PATCH {CONFIGURATION}"))
    };
    assert!(!writes(&fake), "a look repairs nothing");
    let seen = report(&fake, true).await;
    assert_eq!((seen.ready, seen.reason), (true, "Verified"));
    let spec = fake.get(CONFIGURATION).unwrap()["spec"].clone();
    let wanted = json!([{"kind": "Group", "name": "admins"}, {"kind": "User", "name": "kubenova"}]);
    assert_eq!(spec["administrators"], wanted);
    assert_eq!(spec["users"], json!([{"kind": "Group", "name": "x"}]));
}

#[tokio::test]
async fn an_administrator_who_is_ignored_by_his_group_is_none() {
    let fake = capsule(&us(), "Fail");
    let mut there = fake.get(CONFIGURATION).unwrap();
    there["spec"]["ignoreUserWithGroups"] = json!(["system:authenticated"]);
    fake.put(CONFIGURATION, there);
    assert_eq!(report(&fake, false).await.reason, "NotAdministrator");
}
