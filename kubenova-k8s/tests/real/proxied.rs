//! Kubeconfigs through an access proxy: what it shows, what it refuses, and how it is verified (issue 3, sections 6 and 7).

mod binary;
mod stand_in;
mod users;

use std::time::{Duration, Instant};

use futures::FutureExt;
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret as KubeSecret, Service};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::Account;
use kubenova_core::ports::cluster::{BindingSubject, ClusterState, ProjectSpec, Step};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::{GrantId, Name, Subject, SubjectKind};
use kubenova_k8s::kubeconfig::Endpoint;
use kubenova_k8s::proxy::{CapsuleProxy, CustomProxy};
use kubenova_k8s::tenancy::KubeCluster;

use crate::access::code;
use crate::kit::{
    INSTALLATION, admin, client, cluster, options, platform, project, remove, settled, until,
};

/// What answers in front of the test cluster.
struct Front {
    url: String,
    ca_pem: String,
    /// Of a real capsule-proxy; it ends with this.
    _running: Option<binary::Running>,
}

/// A real capsule-proxy where `CAPSULE_PROXY_BIN` names one, a stand-in otherwise; and a backend of it.
async fn proxy(on: &KubeCluster) -> (Front, CapsuleProxy) {
    let front = match binary::named() {
        Some(binary) => binary::start(&binary, &admin()).await,
        None => stand_in::start(admin()).await,
    };
    let endpoint = Endpoint::parse(&front.url).unwrap();
    let custom = CustomProxy::new(endpoint, Some(front.ca_pem.clone()), options());
    until("the proxy answers", || async {
        custom.verify().await.unwrap().ready
    })
    .await;
    let proxy = CapsuleProxy::new(custom, on.clone(), INSTALLATION);
    (front, proxy)
}

/// Does it while accounts of kubeconfigs are users of Capsule, and takes that back whatever comes.
async fn with_users<T>(work: impl Future<Output = T>) -> T {
    let admin = admin();
    let _alone = users::alone(&admin).await;
    users::set(&admin, true).await;
    let done = std::panic::AssertUnwindSafe(work).catch_unwind().await;
    users::set(&admin, false).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[tokio::test]
async fn a_proxy_is_verified_by_what_it_does() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let (_front, proxy) = proxy(&on).await;
    let reason = || async { proxy.verify().await.unwrap().reason };
    {
        let _alone = users::alone(&admin()).await;
        until("accounts are no users", || async {
            reason().await == "AccountsAreNoUsers"
        })
        .await;
    }
    let start = Instant::now();
    with_users(async {
        until("it is verified", || async { reason().await == "Verified" }).await;
    })
    .await;
    println!("verified: after {:?}", start.elapsed());
    let left: Api<RoleBinding> = Api::namespaced(admin(), "kubenova-system");
    let left = left.list(&ListParams::default()).await.unwrap().items;
    let named = |one: &RoleBinding| one.role_ref.name == "kubenova:nothing";
    assert!(!left.iter().any(named), "nothing of the probe stays");
}

/// An account with this role in the project, and a client with its kubeconfig through the proxy.
async fn grant(
    on: &KubeCluster,
    proxy: &CapsuleProxy,
    project: &ProjectSpec,
    role: ProjectRole,
) -> (Account, Client) {
    let account = Account {
        grant: GrantId::nth(project.id.uuid().as_u128() ^ role as u128),
        tenant: project.tenant,
    };
    let made = Step::ApplyAccount(account, project.cluster);
    on.apply(&made).await.unwrap();
    let subject = BindingSubject {
        kind: SubjectKind::ServiceAccount,
        subject: Subject::parse(&account.full_name()).unwrap(),
    };
    let bind = Step::ApplyBinding(project.clone(), role, [subject].into());
    on.apply(&bind).await.unwrap();
    let issued = on.issue(account, Duration::from_secs(600)).await.unwrap();
    let parts = KubeconfigParts {
        cluster_name: Name::parse("c1").unwrap(),
        user_name: "dev".to_owned(),
        namespace: Some(project.namespace.clone()),
        token: issued.token,
    };
    let theirs = client(&proxy.kubeconfig(parts).await.unwrap());
    let pods: Api<Pod> = Api::namespaced(theirs.clone(), project.namespace.as_str());
    until("the binding is effective", || async {
        code(pods.list(&ListParams::default()).await) == 200
    })
    .await;
    (account, theirs)
}

/// The namespaces that a list shows; none where it is refused.
async fn sees(theirs: &Client) -> Vec<String> {
    let all: Api<Namespace> = Api::all(theirs.clone());
    let Ok(found) = all.list(&ListParams::default()).await else {
        return Vec::new();
    };
    let names = found.items.into_iter();
    names.filter_map(|one| one.metadata.name).collect()
}

async fn is_shut_out(theirs: &Client, own: &str, elsewhere: &[&str]) {
    let (list, new) = (ListParams::default(), PostParams::default());
    for place in elsewhere {
        let pods: Api<Pod> = Api::namespaced(theirs.clone(), place);
        assert_eq!(code(pods.list(&list).await), 403, "{place}");
    }
    let everywhere: Api<Pod> = Api::all(theirs.clone());
    assert_eq!(code(everywhere.list(&list).await), 403);
    let label =
        json!({"metadata": {"labels": {"capsule.clastix.io/tenant": "x"}, "ownerReferences": []}});
    let namespaces: Api<Namespace> = Api::all(theirs.clone());
    for (name, attack) in [("kube-system", "attack_83"), (own, "attack_85")] {
        let (patch, params) = (Patch::Merge(label.clone()), PatchParams::default());
        let patched = namespaces.patch(name, &params, &patch).await;
        assert_eq!(code(patched), 403, "{attack}");
    }
    let kind = GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", "TenantResource");
    let kind = ApiResource::from_gvk(&kind);
    let resources: Api<DynamicObject> = Api::namespaced_with(theirs.clone(), own, &kind);
    let mut evil = DynamicObject::new("evil", &kind);
    evil.data = json!({"spec": {"resyncPeriod": "60s", "resources": []}});
    assert_eq!(code(resources.create(&new, &evil).await), 403, "attack_87");
    let bindings: Api<RoleBinding> = Api::namespaced(theirs.clone(), own);
    let gone = DeleteParams::default();
    let deleted = bindings.delete("kubenova:readOnly", &gone).await;
    assert_eq!(code(deleted), 403, "attack_88");
}

async fn cannot_break_out(theirs: &Client, own: &str) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "evil"},
        "spec": {"hostNetwork": true, "containers": [{
            "name": "evil", "image": "evil", "securityContext": {"privileged": true},
        }]},
    });
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let pods: Api<Pod> = Api::namespaced(theirs.clone(), own);
    let made = pods.create(&PostParams::default(), &pod).await;
    assert_eq!(code(made), 403, "attack_91");
    let services: Api<Service> = Api::namespaced(theirs.clone(), own);
    for (spec, refused) in [
        (json!({"externalIPs": ["203.0.113.7"]}), true),
        (json!({"type": "NodePort"}), true),
        (json!({}), false),
    ] {
        let mut service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec,
        });
        service["spec"]["ports"] = json!([{"port": 80}]);
        let service: Service = serde_json::from_value(service).unwrap();
        let made = services.create(&PostParams::default(), &service).await;
        assert_eq!(code(made) >= 400, refused, "attack_95 {service:?}");
    }
}

#[tokio::test]
async fn attack_118_a_kubeconfig_through_the_proxy_opens_its_project_alone() {
    let on = cluster("kubenova");
    let _shared = platform(&on).await;
    let (_front, proxy) = proxy(&on).await;
    let (tenant, first) = settled(&on, "front").await;
    let second = project(&tenant, "api");
    on.apply(&Step::ApplyNamespace(second.clone()))
        .await
        .unwrap();
    let (reader, eyes) = grant(&on, &proxy, &first, ProjectRole::ReadOnly).await;
    let (dev, hands) = grant(&on, &proxy, &first, ProjectRole::ProjectDev).await;
    let own = first.namespace.as_str();
    with_users(Box::pin(async {
        for theirs in [&eyes, &hands] {
            until("the own namespace is shown, and no other", || async {
                sees(theirs).await == [own]
            })
            .await;
            is_shut_out(theirs, own, &["kube-system", second.namespace.as_str()]).await;
        }
        let secrets: Api<KubeSecret> = Api::namespaced(eyes.clone(), own);
        let listed = secrets.list(&ListParams::default()).await;
        assert_eq!(code(listed), 403, "attack_92");
        cannot_break_out(&hands, own).await;
    }))
    .await;

    let cut = Instant::now();
    for (account, role) in [
        (reader, ProjectRole::ReadOnly),
        (dev, ProjectRole::ProjectDev),
    ] {
        let unbind = Step::DeleteBinding(first.id, first.namespace.clone(), role);
        on.apply(&unbind).await.unwrap();
        on.apply(&Step::DeleteAccount(account)).await.unwrap();
    }
    let pods: Api<Pod> = Api::namespaced(eyes, own);
    let refused = || async { code(pods.list(&ListParams::default()).await) != 200 };
    let first_no = until("it is refused", refused).await;
    until("the token is not accepted", || async {
        let answer = code(pods.list(&ListParams::default()).await);
        answer == 401 || (binary::named().is_some() && answer == 403)
    })
    .await;
    println!(
        "revoked: refused after {first_no:?}, dead after {:?}",
        cut.elapsed()
    );
    assert!(cut.elapsed() < Duration::from_secs(15), "attack_115");
    let gone = Step::DeleteNamespace(second.id, second.namespace.clone());
    on.apply(&gone).await.unwrap();
    remove(&on, &tenant, &first).await;
}
