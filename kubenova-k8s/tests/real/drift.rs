//! Foreign changes are told by the watch; our own are not, and neither is what was there at the start.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::domain::tenant::Owner;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterState, Presence, ProjectSpec, Signal, Step, TenantSpec,
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

/// Writes of every kind that change something: another label, one more owner, a binding.
fn changes(tenant: &TenantSpec, project: &ProjectSpec) -> (TenantSpec, Vec<Step>) {
    let mut tenant = tenant.clone();
    tenant.labels.insert("tier".to_owned(), "silver".to_owned());
    let bob = Owner::from(&Subject::parse("bob").unwrap());
    tenant.owners.insert(bob.clone());
    let mut other = project.clone();
    other.labels.insert("team".to_owned(), "red".to_owned());
    let steps = vec![
        Step::ApplyTenant(tenant.clone()),
        Step::ApplyOwner(tenant.clone(), bob),
        Step::ApplyNamespace(other),
        bind(project),
    ];
    (tenant, steps)
}

#[tokio::test]
async fn our_own_writes_are_not_told_and_a_deleted_binding_is() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "drift").await;
    let mut told = Told::start(&on, tenant.cluster).await;
    let ours = Signal::Changed(Work::Project(project.id));
    let (tenant, steps) = changes(&tenant, &project);
    for step in &steps {
        on.apply(step).await.unwrap();
    }
    // Capsule's controllers have their say about all of it within this time.
    let heard = told.read_for(Duration::from_secs(3)).await;
    let about = [ours.clone(), Signal::Changed(Work::Tenant(tenant.id))];
    assert!(
        !heard.iter().any(|signal| about.contains(signal)),
        "our own writes are no news: {heard:?}"
    );

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
