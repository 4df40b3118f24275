//! What is not ours is not touched, whatever the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use kubenova_core::access::ProjectRole;
use kubenova_core::ports::cluster::{ClusterError, ClusterState, Presence, Step};
use kubenova_core::value::{ClusterId, ProjectId};

use crate::fake::{Fake, refusal};
use crate::intent::{BINDINGS, NAMESPACE, TENANT, account, project, tenant};

fn foreign() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "acme-web",
        "labels": {"team": "theirs"},
        "managedFields": [{"manager": "kubectl-create", "operation": "Update"}],
    }})
}

#[tokio::test]
async fn attack_78_a_namespace_made_between_look_and_write_is_given_back() {
    let fake = Fake::new();
    fake.put(NAMESPACE, foreign());
    let looked = AtomicBool::new(false);
    let (world, patches) = (fake.clone(), AtomicUsize::new(0));
    // The first look came before the other's write; and the other writes again before we give it back.
    fake.fault(move |call| {
        if call == format!("PATCH {NAMESPACE}") && patches.fetch_add(1, Ordering::SeqCst) == 1 {
            // Once: the patch that gives back is refused for it, and tried again.
            let mut there = world.get(NAMESPACE).unwrap();
            there["metadata"]["labels"]["more"] = json!("theirs");
            world.put(NAMESPACE, there);
        }
        let first = call == format!("GET {NAMESPACE}") && !looked.swap(true, Ordering::SeqCst);
        first.then(|| refusal(404, "not found"))
    });
    let refused = fake
        .cluster("")
        .apply(&Step::ApplyNamespace(project()))
        .await;
    assert!(matches!(refused, Err(ClusterError::Denied { .. })));
    let there = fake.get(NAMESPACE).unwrap();
    let labels = json!({"team": "theirs", "more": "theirs"});
    assert_eq!(
        there["metadata"]["labels"], labels,
        "theirs and nothing else"
    );
}

#[tokio::test]
async fn a_value_of_somebody_else_is_not_taken_in_the_same_moment() {
    let fake = Fake::new();
    let mut theirs = foreign();
    theirs["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("helm");
    fake.put(NAMESPACE, theirs.clone());
    let refused = fake
        .cluster("")
        .apply(&Step::CreateNamespace(project()))
        .await;
    assert_eq!(refused, Err(ClusterError::Conflict));
    let there = fake.get(NAMESPACE).unwrap();
    assert_eq!(there["metadata"]["labels"], theirs["metadata"]["labels"]);
}

#[tokio::test]
async fn a_tenant_made_in_the_same_moment_is_given_back() {
    let fake = Fake::new();
    let theirs = json!({"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "metadata": {"name": "acme", "managedFields": [{"manager": "kubectl-create", "operation": "Update"}]}});
    fake.put(TENANT, theirs);
    let looked = AtomicBool::new(false);
    fake.fault(move |call| {
        let first = call == format!("GET {TENANT}") && !looked.swap(true, Ordering::SeqCst);
        first.then(|| refusal(404, "not found"))
    });
    let refused = fake.cluster("").apply(&Step::ApplyTenant(tenant())).await;
    assert!(matches!(refused, Err(ClusterError::Denied { .. })));
    let labels = fake.get(TENANT).unwrap()["metadata"]["labels"].clone();
    assert!(
        labels.as_object().is_none_or(serde_json::Map::is_empty),
        "{labels}"
    );
}

#[tokio::test]
async fn nothing_of_another_id_is_deleted() {
    let fake = Fake::new();
    let on = fake.cluster("");
    let mut namespace = foreign();
    namespace["metadata"]["labels"]["kubenova.io/project-uid"] =
        json!(ProjectId::nth(99).to_string());
    fake.put(NAMESPACE, namespace);
    fake.put(
        TENANT,
        json!({"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "metadata": {"name": "acme"}}),
    );
    let role = ProjectRole::ReadOnly;
    fake.put(
        &format!("{BINDINGS}/kubenova:readOnly"),
        json!({"metadata": {"name": "kubenova:readOnly", "namespace": "acme-web", "labels": {"kubenova.io/project-uid": ProjectId::nth(99).to_string()}}}),
    );
    let platform = "/api/v1/namespaces/kubenova-system";
    fake.put(
        platform,
        json!({"metadata": {"name": "kubenova-system", "labels": {"app.kubernetes.io/managed-by": "kubenova", "kubenova.cluster": ClusterId::nth(99).to_string()}}}),
    );
    let (project, tenant) = (project(), tenant());
    let seen = on.observe_project(&project).await.unwrap();
    assert_eq!(seen.namespace, Presence::Foreign);
    assert!(seen.bindings.is_empty());
    for step in [
        Step::DeleteNamespace(project.id, project.namespace.clone()),
        Step::DeleteBinding(project.id, project.namespace.clone(), role),
        Step::DeleteTenant(tenant.id, tenant.name.clone()),
        Step::DeleteOwner(tenant.id, "acme-1".to_owned()),
        Step::DeletePlatform(ClusterId::nth(1)),
        Step::ReleaseAll(ClusterId::nth(1)),
    ] {
        on.apply(&step).await.unwrap();
    }
    assert_eq!(fake.writes(), Vec::<String>::new());
    let refused = on.apply(&Step::ApplyNamespace(project)).await;
    assert!(matches!(refused, Err(ClusterError::Denied { .. })));
    let refused = on.apply(&Step::ApplyTenant(tenant)).await;
    assert!(matches!(refused, Err(ClusterError::Denied { .. })));
    assert_eq!(fake.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_replaced_after_the_look_survives() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyNamespace(project())).await.unwrap();
    let (world, swapped) = (fake.clone(), Arc::new(AtomicBool::new(false)));
    fake.fault(move |call| {
        if call == format!("DELETE {NAMESPACE}") && !swapped.swap(true, Ordering::SeqCst) {
            world.put(NAMESPACE, foreign());
        }
        None
    });
    let step = Step::DeleteNamespace(project().id, project().namespace);
    assert_eq!(on.apply(&step).await, Err(ClusterError::Conflict));
    assert_eq!(
        fake.get(NAMESPACE).unwrap()["metadata"]["labels"],
        foreign()["metadata"]["labels"]
    );
    on.apply(&step).await.unwrap();
    assert!(fake.get(NAMESPACE).is_some(), "not ours: left alone");
}

#[tokio::test]
async fn a_namespace_needs_label_and_reference_to_be_current() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::CreateNamespace(project())).await.unwrap();
    let presence = || async { on.observe_project(&project()).await.unwrap().namespace };
    assert_eq!(presence().await, Presence::Current);
    let mut there = fake.get(NAMESPACE).unwrap();
    let reference = there["metadata"]["ownerReferences"].take();
    fake.put(NAMESPACE, there.clone());
    assert_eq!(presence().await, Presence::Differs, "no reference");
    there["metadata"]["ownerReferences"] = reference;
    there["metadata"]["labels"]
        .as_object_mut()
        .unwrap()
        .remove("capsule.clastix.io/tenant");
    fake.put(NAMESPACE, there.clone());
    assert_eq!(presence().await, Presence::Differs);
    there["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    there["status"] = json!({"conditions": [{"type": "NamespaceFinalizersRemaining", "status": "True", "message": "pvc/secret-name"}]});
    fake.put(NAMESPACE, there);
    let seen = on.observe_project(&project()).await.unwrap();
    assert_eq!(seen.namespace, Presence::Terminating);
    let stuck = seen.stuck.unwrap();
    assert!(stuck.contains("finalizers") && !stuck.contains("secret-name"));
}

#[tokio::test]
async fn a_write_whose_answer_lacks_a_mark_is_no_success() {
    let fake = Fake::new();
    let on = fake.cluster("");
    fake.without_capsule();
    for step in [
        Step::CreateNamespace(project()),
        Step::ApplyNamespace(project()),
    ] {
        assert_eq!(on.apply(&step).await, Err(ClusterError::Conflict));
    }
    let seen = on.observe_project(&project()).await.unwrap();
    assert_eq!(seen.namespace, Presence::Differs, "label alone");
}

#[tokio::test]
async fn a_new_project_costs_one_look_and_one_write_an_object() {
    let fake = Fake::new();
    let on = fake.cluster("");
    let seen = on.observe_project(&project()).await.unwrap();
    assert_eq!(seen.namespace, Presence::Absent);
    on.apply(&Step::CreateNamespace(project())).await.unwrap();
    let calls = [format!("GET {NAMESPACE}"), format!("PATCH {NAMESPACE}")];
    assert_eq!(fake.calls(), calls);
}

#[tokio::test]
async fn the_secret_of_an_account_goes_before_the_account() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyAccount(account(), ClusterId::nth(1)))
        .await
        .unwrap();
    let before = fake.writes().len();
    on.apply(&Step::DeleteAccount(account())).await.unwrap();
    let kinds: Vec<String> = fake.writes()[before..]
        .iter()
        .filter_map(|call| call.split('/').nth(5).map(str::to_owned))
        .collect();
    assert_eq!(kinds, ["secrets", "serviceaccounts"]);
    // Again: what is gone is no fault.
    on.apply(&Step::DeleteAccount(account())).await.unwrap();
}
