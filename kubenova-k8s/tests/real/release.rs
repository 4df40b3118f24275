//! Letting go: what gives access goes, what tenants have stays.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::{ClusterRole, RoleBinding};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams};
use kube::core::GroupVersionKind;

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::{Account, PLATFORM_NAMESPACE};
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterProbe, ClusterState, Presence, Step, TenantSpec,
};
use kubenova_core::value::{ClusterId, GrantId, Subject, SubjectKind};

use crate::kit::{admin, cluster, platform, settled, until};

fn tenants() -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", "Tenant");
    Api::all_with(admin(), &ApiResource::from_gvk(&kind))
}

fn marks(object: &kube::api::ObjectMeta) -> Vec<String> {
    let labels = object.labels.iter().flatten();
    let all = labels.chain(object.annotations.iter().flatten());
    let ours = |key: &str| key.starts_with("kubenova.") || key == "app.kubernetes.io/managed-by";
    all.map(|(key, _)| key.clone())
        .filter(|key| ours(key))
        .collect()
}

#[tokio::test]
async fn an_orphaned_cluster_keeps_what_tenants_have_and_nothing_of_ours() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let (tenant, project) = settled(&on, "orphan").await;
    let account = Account {
        grant: GrantId::nth(project.id.uuid().as_u128()),
        tenant: tenant.id,
    };
    on.apply(&Step::ApplyAccount(account, tenant.cluster))
        .await
        .unwrap();
    let dev = BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse("dev").unwrap(),
    };
    let role = ProjectRole::ProjectDev;
    on.apply(&Step::ApplyBinding(project.clone(), role, [dev].into()))
        .await
        .unwrap();

    // Twice: what is gone already is no fault.
    for _ in 0..2 {
        on.apply(&Step::ReleaseAll(tenant.cluster)).await.unwrap();
    }

    let namespaces: Api<Namespace> = Api::all(admin());
    let kept = namespaces.get(project.namespace.as_str()).await.unwrap();
    assert_eq!(marks(&kept.metadata), Vec::<String>::new());
    let references = kept.metadata.owner_references.unwrap_or_default();
    assert_eq!(references.len(), 1, "still a member of its Tenant");
    let kept = tenants().get(tenant.name.as_str()).await.unwrap();
    assert_eq!(marks(&kept.metadata), Vec::<String>::new());
    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=kubenova");
    assert_eq!(bindings.list(&ours).await.unwrap().items.len(), 0);
    let left = on.observe_account(account).await.unwrap();
    assert!(!left.account && !left.secret);
    let seen = on.observe_tenant(&tenant).await.unwrap();
    assert_eq!(seen.tenant, Presence::Foreign, "not ours any more");
    assert!(seen.owners.is_empty() && seen.stray_owners.is_empty());
    // Neither would we remove what we let go of.
    on.apply(&Step::DeleteTenant(tenant.id, tenant.name.clone()))
        .await
        .unwrap();
    tenants()
        .delete(tenant.name.as_str(), &DeleteParams::default())
        .await
        .unwrap();
    until("its own deletion takes the namespace along", || async {
        on.observe_tenant(&tenant).await.unwrap().tenant == Presence::Absent
    })
    .await;
}

#[tokio::test]
async fn the_platform_goes_only_for_its_own_installation() {
    let on = cluster("kubenova");
    drop(platform(&on).await);
    let _alone = crate::kit::ALONE.write().await;
    let id = ClusterId::nth(7);
    let roles: Api<ClusterRole> = Api::all(admin());
    let namespaces: Api<Namespace> = Api::all(admin());
    on.apply(&Step::DeletePlatform(ClusterId::nth(8)))
        .await
        .unwrap();
    assert_eq!(on.observe_platform(id).await.unwrap(), Presence::Current);
    on.apply(&Step::DeletePlatform(id)).await.unwrap();
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=kubenova");
    assert_eq!(roles.list(&ours).await.unwrap().items.len(), 0);
    until("the namespace is gone", || async {
        namespaces
            .get_opt(PLATFORM_NAMESPACE)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    assert_eq!(on.observe_platform(id).await.unwrap(), Presence::Absent);
}

#[tokio::test]
async fn an_owner_that_is_not_wanted_loses_his_rights() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let (tenant, project) = settled(&on, "owner").await;
    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let named_by_capsule = || async {
        let all = bindings.list(&ListParams::default()).await.unwrap();
        let role = "kubenova:tenant-owner";
        all.items
            .iter()
            .filter(|one| one.role_ref.name == role)
            .flat_map(|one| one.subjects.clone().unwrap_or_default())
            .any(|subject| subject.name == "alice")
    };
    let given = until("Capsule bound the owner", named_by_capsule).await;
    let nobody = TenantSpec {
        owners: [].into(),
        ..tenant.clone()
    };
    let strays = on.observe_tenant(&nobody).await.unwrap().stray_owners;
    assert_eq!(strays.len(), 1);
    for stray in strays {
        on.apply(&Step::DeleteOwner(tenant.id, stray))
            .await
            .unwrap();
    }
    let taken = until("Capsule took it away", || async {
        !named_by_capsule().await
    })
    .await;
    println!("owner: bound after {given:?}, gone after {taken:?}");
    crate::kit::remove(&on, &tenant, &project).await;
}
