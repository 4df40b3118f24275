//! Changes that somebody else makes to what is ours: each is told by the watch, and one step undoes it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Event, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, RoleBinding, RoleRef};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::domain::credential::{Account, PLATFORM_NAMESPACE};
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterProbe, ClusterState, Presence, ProjectSpec, Signal, Step,
};
use kubenova_core::value::{ClusterId, GrantId, Subject, SubjectKind};

use crate::kit::{Told, admin, client, cluster, kubeconfig, platform, remove, settled};

fn reader(name: &str) -> BindingSubject {
    BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse(name).unwrap(),
    }
}

fn bind(project: &ProjectSpec) -> Step {
    Step::ApplyBinding(
        project.clone(),
        ProjectRole::ReadOnly,
        [reader("dev")].into(),
    )
}

#[tokio::test]
async fn attack_85_a_namespace_that_left_its_tenant_is_brought_back() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "left").await;
    let mut told = Told::start(&on, tenant.cluster).await;
    // Only an administrator of Capsule can do this: it takes away label and reference in one write.
    let namespaces: Api<Namespace> = Api::all(client(&kubeconfig("kubenova")));
    let gone = json!({"metadata": {"labels": {"capsule.clastix.io/tenant": null}, "ownerReferences": null}});
    let name = project.namespace.as_str();
    let left = namespaces
        .patch(name, &PatchParams::default(), &Patch::Merge(gone))
        .await
        .unwrap();
    assert_eq!(left.metadata.owner_references, None);
    let about = Signal::Changed(Work::Project(project.id));
    let after = told.next(&about, Instant::now()).await;
    let seen = on.observe_project(&project).await.unwrap();
    assert_eq!(seen.namespace, Presence::Differs);
    on.apply(&Step::ApplyNamespace(project.clone()))
        .await
        .unwrap();
    let seen = on.observe_project(&project).await.unwrap();
    assert_eq!(seen.namespace, Presence::Current, "label and reference");
    println!("told: membership {after:?}");
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn an_edited_cluster_role_is_told_and_restored() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let id = ClusterId::nth(7);
    let mut told = Told::start(&on, id).await;
    let roles: Api<ClusterRole> = Api::all(admin());
    let more = json!([{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}}]);
    let more: Patch<()> = Patch::Json(serde_json::from_value(more).unwrap());
    let start = Instant::now();
    roles
        .patch("kubenova:project:readOnly", &PatchParams::default(), &more)
        .await
        .unwrap();
    let after = told.next(&Signal::Platform, start).await;
    assert_eq!(on.observe_platform(id).await.unwrap(), Presence::Differs);
    on.apply(&Step::ApplyPlatform(id)).await.unwrap();
    assert_eq!(on.observe_platform(id).await.unwrap(), Presence::Current);
    println!("told: ClusterRole {after:?}");
}

#[tokio::test]
async fn accounts_and_owners_that_go_are_told() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let (tenant, project) = settled(&on, "gone").await;
    let account = Account {
        grant: GrantId::nth(project.id.uuid().as_u128()),
        tenant: tenant.id,
    };
    on.apply(&Step::ApplyAccount(account, tenant.cluster))
        .await
        .unwrap();
    let mut told = Told::start(&on, tenant.cluster).await;
    let about = Signal::Changed(Work::Grant(account.grant));
    let secrets: Api<Secret> = Api::namespaced(admin(), PLATFORM_NAMESPACE);
    let accounts: Api<ServiceAccount> = Api::namespaced(admin(), PLATFORM_NAMESPACE);
    let (name, params) = (account.name(), DeleteParams::default());
    secrets.delete(&name, &params).await.unwrap();
    told.next(&about, Instant::now()).await;
    let seen = on.observe_account(account).await.unwrap();
    assert!(seen.account && !seen.secret);
    let refused = on.issue(account, Duration::from_secs(600)).await;
    assert!(refused.is_err(), "no token without its Secret");
    accounts.delete(&name, &params).await.unwrap();
    told.next(&about, Instant::now()).await;
    on.apply(&Step::DeleteAccount(account)).await.unwrap();

    let owner = tenant.owners.first().unwrap();
    let strays = on
        .observe_tenant(&kubenova_core::ports::cluster::TenantSpec {
            owners: [].into(),
            ..tenant.clone()
        })
        .await
        .unwrap()
        .stray_owners;
    let kind = kube::core::GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", "TenantOwner");
    let owners: Api<kube::api::DynamicObject> =
        Api::all_with(admin(), &kube::api::ApiResource::from_gvk(&kind));
    owners
        .delete(strays.first().unwrap(), &params)
        .await
        .unwrap();
    let about = Signal::Changed(Work::Tenant(tenant.id));
    told.next(&about, Instant::now()).await;
    assert_eq!(
        on.observe_tenant(&tenant).await.unwrap().owners,
        [].into(),
        "{owner:?} is missing"
    );
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn a_binding_with_another_role_or_without_our_marks_is_seen() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "bind").await;
    on.apply(&bind(&project)).await.unwrap();
    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let name = "kubenova:readOnly";
    let mut told = Told::start(&on, tenant.cluster).await;
    let about = Signal::Changed(Work::Project(project.id));
    let unmarked = json!({"metadata": {"labels": {"kubenova.io/project-uid": null}}});
    bindings
        .patch(name, &PatchParams::default(), &Patch::Merge(unmarked))
        .await
        .unwrap();
    told.next(&about, Instant::now()).await;
    let seen = on.observe_project(&project).await.unwrap().bindings;
    let applied_anew = BTreeMap::from([(ProjectRole::ReadOnly, Some([].into()))]);
    assert_eq!(seen, applied_anew);
    on.apply(&bind(&project)).await.unwrap();

    let mut forged = bindings.get(name).await.unwrap();
    bindings
        .delete(name, &DeleteParams::default())
        .await
        .unwrap();
    forged.metadata.resource_version = None;
    forged.metadata.uid = None;
    forged.role_ref = RoleRef {
        name: "cluster-admin".to_owned(),
        ..forged.role_ref
    };
    bindings
        .create(&PostParams::default(), &forged)
        .await
        .unwrap();
    told.next(&about, Instant::now()).await;
    let seen = on.observe_project(&project).await.unwrap().bindings;
    assert_eq!(seen, BTreeMap::from([(ProjectRole::ReadOnly, None)]));
    let role = ProjectRole::ReadOnly;
    on.apply(&Step::DeleteBinding(
        project.id,
        project.namespace.clone(),
        role,
    ))
    .await
    .unwrap();
    on.apply(&bind(&project)).await.unwrap();
    let seen = on.observe_project(&project).await.unwrap().bindings;
    assert_eq!(seen, BTreeMap::from([(role, Some([reader("dev")].into()))]));
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn a_deleted_binding_is_back_in_time() {
    const ROUNDS: usize = 50;
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "fast").await;
    on.apply(&bind(&project)).await.unwrap();
    let mut told = Told::start(&on, tenant.cluster).await;
    let about = Signal::Changed(Work::Project(project.id));
    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        bindings
            .delete("kubenova:readOnly", &DeleteParams::default())
            .await
            .unwrap();
        told.next(&about, start).await;
        let seen = on.observe_project(&project).await.unwrap();
        assert!(seen.bindings.is_empty());
        on.apply(&bind(&project)).await.unwrap();
        took.push(start.elapsed());
    }
    took.sort_unstable();
    println!(
        "repaired: median {:?}, worst of {ROUNDS} {:?}",
        took[ROUNDS / 2],
        took[ROUNDS - 1]
    );
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn a_repair_is_told_by_an_event_and_a_second_one_counts() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "event").await;
    let what = format!("the namespace {} was restored", project.namespace);
    for namespace in [Some(project.namespace.clone()), None] {
        let place = namespace.as_ref().map_or("default", |name| name.as_str());
        let events: Api<Event> = Api::namespaced(admin(), place);
        let step = Step::RecordDrift {
            namespace: namespace.clone(),
            what: what.clone(),
        };
        on.apply(&step).await.unwrap();
        on.apply(&step).await.unwrap();
        let all = events.list(&ListParams::default()).await.unwrap();
        let mut found = all
            .items
            .iter()
            .filter(|event| event.message.as_ref() == Some(&what));
        let event = found.next().expect("the event is there");
        assert_eq!(event.reason.as_deref(), Some("DriftRepaired"));
        assert!(event.event_time.is_some(), "kubectl shows when it was");
        let count = event.series.as_ref().and_then(|series| series.count);
        assert_eq!((count, found.count()), (Some(2), 0));
    }
    remove(&on, &tenant, &project).await;
}
