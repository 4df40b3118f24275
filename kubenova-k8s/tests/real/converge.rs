//! Every step does what it says, twice changes nothing, and nothing foreign is touched.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, PostParams};

use kubenova_core::access::ProjectRole;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterError, ClusterProbe, ClusterState, Presence, ProjectSpec, Step,
    TenantSpec,
};
use kubenova_core::value::{Subject, SubjectKind};
use kubenova_k8s::tenancy::KubeCluster;

use crate::kit::{
    admin, client, cluster, kubeconfig, platform, project, remove, settled, tenant, until,
};

fn user(name: &str) -> BindingSubject {
    BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse(name).unwrap(),
    }
}

#[tokio::test]
async fn a_tenant_and_its_project_converge_and_go() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "conv").await;
    let seen = on.observe_tenant(&tenant).await.unwrap();
    assert_eq!(seen.tenant, Presence::Current);
    assert_eq!(seen.owners, tenant.owners);
    assert_eq!(seen.stray_owners, BTreeSet::new());
    assert_eq!(seen.namespaces, [project.namespace.to_string()].into());
    let seen = on.observe_project(&project).await.unwrap();
    assert_eq!(
        seen.namespace,
        Presence::Current,
        "label and owner reference"
    );
    let dev = BTreeSet::from([user("dev"), user("eve")]);
    let bind = Step::ApplyBinding(project.clone(), ProjectRole::ProjectDev, dev.clone());
    on.apply(&bind).await.unwrap();
    let seen = on.observe_project(&project).await.unwrap();
    assert_eq!(seen.bindings, [(ProjectRole::ProjectDev, Some(dev))].into());
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn a_label_less_is_a_label_less_on_the_cluster() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "less").await;
    let fewer = ProjectSpec {
        labels: [].into(),
        ..project.clone()
    };
    assert_eq!(
        on.observe_project(&fewer).await.unwrap().namespace,
        Presence::Differs
    );
    on.apply(&Step::ApplyNamespace(fewer.clone()))
        .await
        .unwrap();
    assert_eq!(
        on.observe_project(&fewer).await.unwrap().namespace,
        Presence::Current
    );
    let api: Api<Namespace> = Api::all(admin());
    let there = api.get(project.namespace.as_str()).await.unwrap();
    assert!(!there.metadata.labels.unwrap().contains_key("team"));
    let fewer = TenantSpec {
        labels: [].into(),
        ..tenant.clone()
    };
    assert_eq!(
        on.observe_tenant(&fewer).await.unwrap().tenant,
        Presence::Differs
    );
    on.apply(&Step::ApplyTenant(fewer.clone())).await.unwrap();
    until("the tenant is current", || async {
        on.observe_tenant(&fewer).await.unwrap().tenant == Presence::Current
    })
    .await;
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn attack_78_a_foreign_namespace_is_left_untouched() {
    let on = cluster("kubenova");
    let tenant = tenant("foreign", &[]);
    let project = project(&tenant, "web");
    on.apply(&Step::ApplyTenant(tenant.clone())).await.unwrap();
    let api: Api<Namespace> = Api::all(admin());
    let mut foreign = Namespace::default();
    foreign.metadata.name = Some(project.namespace.to_string());
    let made = api.create(&PostParams::default(), &foreign).await.unwrap();
    assert_eq!(
        on.observe_project(&project).await.unwrap().namespace,
        Presence::Foreign
    );
    let refused = on.apply(&Step::ApplyNamespace(project.clone())).await;
    assert!(
        matches!(refused, Err(ClusterError::Denied { .. })),
        "{refused:?}"
    );
    on.apply(&Step::DeleteNamespace(
        project.id,
        project.namespace.clone(),
    ))
    .await
    .unwrap();
    let there = api.get(project.namespace.as_str()).await.unwrap();
    assert_eq!(
        there.metadata.resource_version,
        made.metadata.resource_version
    );
    api.delete(project.namespace.as_str(), &DeleteParams::default())
        .await
        .unwrap();
    on.apply(&Step::DeleteTenant(tenant.id, tenant.name.clone()))
        .await
        .unwrap();
}

/// A client that sees no namespace of this name at the first look.
fn blind_at_first(namespace: &str) -> kube::Client {
    let (base, looked) = (client(&kubeconfig("kubenova")), AtomicBool::new(false));
    let looked = Arc::new(looked);
    let path = format!("/api/v1/namespaces/{namespace}");
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let (base, looked) = (base.clone(), Arc::clone(&looked));
        let first = request.uri().path() == path
            && request.method() == http::Method::GET
            && !looked.swap(true, Ordering::SeqCst);
        async move {
            if !first {
                return base.send(request).await;
            }
            let status = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
            let absent = http::Response::builder().status(404);
            Ok(absent
                .body(kube::client::Body::from(status.to_vec()))
                .unwrap())
        }
    });
    kube::Client::new(service, "default")
}

#[tokio::test]
async fn attack_78_a_namespace_made_in_the_same_moment_is_given_back() {
    let on = cluster("kubenova");
    let tenant = tenant("moment", &[]);
    let project = project(&tenant, "web");
    on.apply(&Step::ApplyTenant(tenant.clone())).await.unwrap();
    let api: Api<Namespace> = Api::all(admin());
    let mut theirs = Namespace::default();
    theirs.metadata.name = Some(project.namespace.to_string());
    theirs.metadata.labels = Some([("owner".to_owned(), "somebody".to_owned())].into());
    let made = api.create(&PostParams::default(), &theirs).await.unwrap();
    let blind = KubeCluster::new(
        blind_at_first(project.namespace.as_str()),
        "",
        Duration::from_secs(10),
    );
    let refused = blind.apply(&Step::ApplyNamespace(project.clone())).await;
    assert!(
        matches!(refused, Err(ClusterError::Denied { .. })),
        "{refused:?}"
    );
    let there = api.get(project.namespace.as_str()).await.unwrap();
    assert_eq!(there.metadata.labels, made.metadata.labels);
    assert_eq!(there.metadata.annotations, made.metadata.annotations);
    assert_eq!(there.metadata.owner_references, None);
    api.delete(project.namespace.as_str(), &DeleteParams::default())
        .await
        .unwrap();
    on.apply(&Step::DeleteTenant(tenant.id, tenant.name.clone()))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_platform_objects_are_ours_and_exact() {
    let on = cluster("kubenova");
    // Shared by all tests of this cluster: the id must be the same wherever it is applied.
    let id = kubenova_core::value::ClusterId::nth(7);
    let _shared = platform(&on).await;
    assert_eq!(on.observe_platform(id).await.unwrap(), Presence::Current);
}
