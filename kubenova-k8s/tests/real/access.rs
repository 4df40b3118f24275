//! What a kubeconfig of ours may do, and how it dies.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret as KubeSecret};
use kube::Api;
use kube::api::{ListParams, PostParams};

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::Account;
use kubenova_core::ports::cluster::{BindingSubject, ClusterState, IssuedToken, ProjectSpec, Step};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::{GrantId, Name, Secret, Subject, SubjectKind};
use kubenova_k8s::kubeconfig::parse;
use kubenova_k8s::proxy::DirectProxy;
use kubenova_k8s::tenancy::KubeCluster;

use crate::kit::{client, cluster, kubeconfig, platform, remove, settled, until};

pub(crate) fn code<T: std::fmt::Debug>(answer: kube::Result<T>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(other) => panic!("{other:?}"),
    }
}

pub(crate) async fn handed_out(token: Secret, namespace: &Name) -> Secret {
    let ours = parse(&kubeconfig("kubenova")).unwrap();
    let parts = KubeconfigParts {
        cluster_name: Name::parse("c1").unwrap(),
        user_name: "dev".to_owned(),
        namespace: Some(namespace.clone()),
        token,
    };
    DirectProxy::new(ours.endpoint, ours.ca_pem)
        .kubeconfig(parts)
        .await
        .unwrap()
}

/// An account that reads the project, as a kubeconfig's client.
async fn reader(on: &KubeCluster, project: &ProjectSpec) -> (Account, IssuedToken) {
    let account = Account {
        grant: GrantId::nth(project.id.uuid().as_u128()),
        tenant: project.tenant,
    };
    on.apply(&Step::ApplyAccount(account, project.cluster))
        .await
        .unwrap();
    let subject = BindingSubject {
        kind: SubjectKind::ServiceAccount,
        subject: Subject::parse(&account.full_name()).unwrap(),
    };
    let bind = Step::ApplyBinding(project.clone(), ProjectRole::ReadOnly, [subject].into());
    on.apply(&bind).await.unwrap();
    let issued = on.issue(account, Duration::from_secs(600)).await.unwrap();
    (account, issued)
}

async fn is_shut_out_elsewhere(theirs: &kube::Client, own: &str) {
    let all = ListParams::default();
    let secrets: Api<KubeSecret> = Api::namespaced(theirs.clone(), own);
    assert_eq!(code(secrets.list(&all).await), 403, "attack_92");
    let foreign: Api<Pod> = Api::namespaced(theirs.clone(), "kube-system");
    assert_eq!(code(foreign.list(&all).await), 403);
    let maps: Api<ConfigMap> = Api::namespaced(theirs.clone(), own);
    let made = maps.create(&PostParams::default(), &named("x")).await;
    assert_eq!(code(made), 403);
}

#[tokio::test]
async fn attack_115_a_grant_opens_its_project_alone_and_dies_when_cut() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "grant").await;
    let _shared = platform(&on).await;
    let (account, issued) = reader(&on, &project).await;
    let theirs = client(&handed_out(issued.token, &project.namespace).await);
    let (own, all) = (project.namespace.as_str(), ListParams::default());
    let pods: Api<Pod> = Api::namespaced(theirs.clone(), own);
    until("the binding is effective", || async {
        code(pods.list(&all).await) == 200
    })
    .await;
    is_shut_out_elsewhere(&theirs, own).await;

    let cut = Instant::now();
    let role = ProjectRole::ReadOnly;
    let unbind = Step::DeleteBinding(project.id, project.namespace.clone(), role);
    on.apply(&unbind).await.unwrap();
    let refused = until("403", || async { code(pods.list(&all).await) == 403 }).await;
    on.apply(&Step::DeleteAccount(account)).await.unwrap();
    until("401", || async { code(pods.list(&all).await) == 401 }).await;
    println!(
        "revoked: 403 after {refused:?}, 401 after {:?}",
        cut.elapsed()
    );
    assert!(refused < Duration::from_secs(2) && cut.elapsed() < Duration::from_secs(15));
    let left = on.observe_account(account).await.unwrap();
    assert!(!left.account && !left.secret);
    remove(&on, &tenant, &project).await;
}

#[tokio::test]
async fn attack_114_a_token_is_for_the_api_server_alone_and_bound_to_its_secret() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "claims").await;
    let _shared = platform(&on).await;
    let (account, issued) = reader(&on, &project).await;
    let text = issued.token.expose_str().unwrap().to_owned();
    let claims = text.split('.').nth(1).unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(
        claims["aud"],
        serde_json::json!(["https://kubernetes.default.svc"])
    );
    assert_eq!(claims["sub"], account.full_name());
    assert_eq!(claims["kubernetes.io"]["secret"]["name"], account.name());
    assert_eq!(
        claims["exp"].as_i64(),
        Some(issued.expires_at.as_second()),
        "the answer says when it ends"
    );
    let life = issued.expires_at.as_second() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 600);
    on.apply(&Step::DeleteAccount(account)).await.unwrap();
    remove(&on, &tenant, &project).await;
}

fn named(name: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(name.to_owned());
    map
}
