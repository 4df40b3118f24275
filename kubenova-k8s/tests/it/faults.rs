//! What a cluster can do wrong, and what the port says then.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use kubenova_core::ports::cluster::{ClusterError, ClusterProbe, ClusterState, Presence, Step};
use kubenova_core::value::ClusterId;

use crate::fake::{Fake, IDENTITY, refusal};
use crate::intent::{OWNERS, TENANT, account, project, tenant};

#[tokio::test]
async fn attack_144_a_cluster_that_never_answers_meets_a_deadline() {
    let fake = Fake::new();
    fake.fault(|_| Some(Body::from_stream(never()).into_response()));
    let start = Instant::now();
    let seen = fake.cluster("").observe_tenant(&tenant()).await;
    assert_eq!(seen, Err(ClusterError::Unreachable));
    assert!(start.elapsed() < Duration::from_secs(5));
}

fn never() -> impl futures::Stream<Item = std::io::Result<axum::body::Bytes>> {
    futures::stream::pending()
}

#[tokio::test]
async fn attack_74_nothing_is_written_to_nor_believed_of_another_cluster() {
    let fake = Fake::new();
    let other = fake.cluster("another-uid");
    let changed = ClusterError::IdentityChanged;
    let steps = [
        Step::ApplyTenant(tenant()),
        Step::DeleteNamespace(project().id, project().namespace),
        Step::ReleaseAll(ClusterId::nth(1)),
    ];
    for step in steps {
        assert_eq!(other.apply(&step).await, Err(changed.clone()));
    }
    // Absent there is not absent: a record would be dropped for it.
    assert_eq!(
        other.observe_project(&project()).await,
        Err(changed.clone())
    );
    assert_eq!(other.observe_tenant(&tenant()).await, Err(changed.clone()));
    assert_eq!(other.observe_account(account()).await, Err(changed.clone()));
    let issued = other.issue(account(), Duration::from_secs(600)).await;
    assert_eq!(issued.err(), Some(changed));
    assert_eq!(fake.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_right_cluster_is_asked_for_its_identity_once_in_a_while() {
    let fake = Fake::new();
    let on = fake.cluster(IDENTITY);
    for _ in 0..3 {
        on.apply(&Step::ApplyTenant(tenant())).await.unwrap();
    }
    let asked = "GET /api/v1/namespaces/kube-system";
    assert_eq!(fake.calls().iter().filter(|one| *one == asked).count(), 1);
}

#[tokio::test]
async fn each_refusal_has_its_own_name() {
    let cases: [(u16, &str, ClusterError); 4] = [
        (401, "Unauthorized", ClusterError::Unauthorized),
        (
            500,
            "failed calling webhook \"tenants.mutating\": connection refused",
            ClusterError::WebhookDown,
        ),
        (
            500,
            "admission webhook \"tenants.validating\" denied the request: no",
            ClusterError::Denied {
                what: "apply tenants".to_owned(),
            },
        ),
        (
            403,
            "tenants is forbidden",
            ClusterError::Forbidden {
                what: "apply tenants".to_owned(),
            },
        ),
    ];
    for (code, message, wanted) in cases {
        let fake = Fake::new();
        let text = message.to_owned();
        fake.fault(move |call| call.starts_with("PATCH").then(|| refusal(code, &text)));
        let told = fake.cluster("").apply(&Step::ApplyTenant(tenant())).await;
        assert_eq!(told, Err(wanted), "{code} {message}");
    }
}

#[tokio::test]
async fn long_lists_are_read_in_pages() {
    let fake = Fake::new();
    for n in 0..1201 {
        let labels = json!({"app.kubernetes.io/managed-by": "kubenova", "kubenova.io/tenant-uid": tenant().id.to_string()});
        let owner = json!({"apiVersion": "capsule.clastix.io/v1beta2", "kind": "TenantOwner", "metadata": {"name": format!("o{n}"), "labels": labels}, "spec": {}});
        fake.put(&format!("{OWNERS}/o{n}"), owner);
    }
    let seen = fake.cluster("").observe_tenant(&tenant()).await.unwrap();
    assert_eq!(seen.stray_owners.len(), 1201);
    let asked = format!("GET {OWNERS}");
    assert_eq!(fake.calls().iter().filter(|one| **one == asked).count(), 3);
}

#[tokio::test]
async fn a_page_that_expired_is_a_conflict_and_no_short_list() {
    let fake = Fake::new();
    fake.fault(|call| (call == format!("GET {OWNERS}")).then(|| refusal(410, "expired")));
    let seen = fake.cluster("").observe_tenant(&tenant()).await;
    assert_eq!(seen, Err(ClusterError::Conflict));
}

#[tokio::test]
async fn without_capsule_the_report_says_what_to_do() {
    let fake = Fake::new();
    fake.fault(|call| call.contains("capsule").then(no_such_kind));
    let report = fake.cluster("").tenancy(true).await.unwrap();
    assert_eq!((report.ready, report.reason), (false, "CapsuleMissing"));
    assert!(report.message.contains("install Capsule"));
    assert_eq!(fake.writes(), Vec::<String>::new());
}

/// How an API server answers for a group that it does not know: no Status, plain text.
fn no_such_kind() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

#[tokio::test]
async fn a_tenant_is_usable_when_capsule_has_worked_on_its_newest_version() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyTenant(tenant())).await.unwrap();
    for (observed, ready, usable) in [(1, "True", false), (2, "False", false), (2, "True", true)] {
        let mut there = fake.get(TENANT).unwrap();
        there["metadata"]["generation"] = json!(2);
        there["status"] = json!({"observedGeneration": observed, "conditions": [{"type": "Ready", "status": ready}]});
        fake.put(TENANT, there);
        let seen = on.observe_tenant(&tenant()).await.unwrap();
        assert_eq!((seen.tenant, seen.usable), (Presence::Current, usable));
    }
}
