//! Foreign changes are told by the watch; our own are not, and neither is what was there at the start.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterState, Presence, ProjectSpec, Signal, Step,
};
use kubenova_core::value::{Subject, SubjectKind};

use crate::kit::{Told, admin, cluster, remove, settled};

fn bind(project: &ProjectSpec) -> Step {
    let who = BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse("dev").unwrap(),
    };
    Step::ApplyBinding(project.clone(), ProjectRole::ProjectDev, [who].into())
}

#[tokio::test]
async fn our_own_writes_are_not_told_and_a_deleted_binding_is() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "drift").await;
    let mut told = Told::start(&on, tenant.cluster).await;
    let ours = Signal::Changed(Work::Project(project.id));
    on.apply(&bind(&project)).await.unwrap();
    on.apply(&Step::ApplyNamespace(project.clone()))
        .await
        .unwrap();
    // Capsule's controllers have their say about both within this time.
    let heard = told.read_for(Duration::from_secs(3)).await;
    assert!(!heard.contains(&ours), "our own writes are no news");

    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let start = Instant::now();
    bindings
        .delete("kubenova:projectDev", &DeleteParams::default())
        .await
        .unwrap();
    println!("told: binding {:?}", told.next(&ours, start).await);
    let seen = on.observe_project(&project).await.unwrap();
    assert!(seen.bindings.is_empty());
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn a_label_that_was_removed_is_told_and_restored() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "label").await;
    let mut told = Told::start(&on, tenant.cluster).await;
    let ours = Signal::Changed(Work::Project(project.id));
    let namespaces: Api<Namespace> = Api::all(admin());
    for gone in [
        json!({"team": null, "kubenova.io/project-uid": null}),
        json!({"app.kubernetes.io/managed-by": null}),
        json!({"pod-security.kubernetes.io/enforce": "privileged"}),
    ] {
        let patch = Patch::Merge(json!({"metadata": {"labels": gone}}));
        let (name, params) = (project.namespace.as_str(), PatchParams::default());
        let start = Instant::now();
        namespaces.patch(name, &params, &patch).await.unwrap();
        println!("told: label {:?}", told.next(&ours, start).await);
        let seen = on.observe_project(&project).await.unwrap();
        assert_eq!(seen.namespace, Presence::Differs, "{gone}");
        on.apply(&Step::ApplyNamespace(project.clone()))
            .await
            .unwrap();
        let seen = on.observe_project(&project).await.unwrap();
        assert_eq!(seen.namespace, Presence::Current, "{gone}");
    }
    remove(&on, &tenant, &project).await;
}
