//! What a kubeconfig of ours may do, and how it dies.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret as KubeSecret};
use kube::Api;
use kube::api::ListParams;

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::Account;
use kubenova_core::ports::cluster::{BindingSubject, ClusterState, Step};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::{GrantId, Name, Secret, Subject, SubjectKind};
use kubenova_k8s::kubeconfig::parse;
use kubenova_k8s::proxy::DirectProxy;

use crate::kit::{client, cluster, kubeconfig, platform, remove, settled, until};

fn code<T: std::fmt::Debug>(answer: kube::Result<T>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(other) => panic!("{other:?}"),
    }
}

async fn handed_out(token: Secret, namespace: &Name) -> Secret {
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

#[tokio::test]
async fn attack_115_a_grant_opens_its_project_alone_and_dies_when_cut() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "grant").await;
    let _shared = platform(&on).await;
    let account = Account {
        grant: GrantId::nth(project.id.uuid().as_u128()),
        tenant: tenant.id,
    };
    on.apply(&Step::ApplyAccount(account, tenant.cluster))
        .await
        .unwrap();
    let subject = Subject::parse(&account.full_name()).unwrap();
    let subjects = [BindingSubject {
        kind: SubjectKind::ServiceAccount,
        subject,
    }]
    .into();
    on.apply(&Step::ApplyBinding(
        project.clone(),
        ProjectRole::ReadOnly,
        subjects,
    ))
    .await
    .unwrap();
    let issued = on.issue(account, Duration::from_secs(600)).await.unwrap();
    let theirs = client(&handed_out(issued.token, &project.namespace).await);
    let (own, all) = (project.namespace.as_str(), ListParams::default());
    let pods: Api<Pod> = Api::namespaced(theirs.clone(), own);
    until("the binding is effective", || async {
        code(pods.list(&all).await) == 200
    })
    .await;
    let secrets: Api<KubeSecret> = Api::namespaced(theirs.clone(), own);
    assert_eq!(code(secrets.list(&all).await), 403, "attack_92");
    let foreign: Api<Pod> = Api::namespaced(theirs.clone(), "kube-system");
    assert_eq!(code(foreign.list(&all).await), 403);
    let maps: Api<ConfigMap> = Api::namespaced(theirs, own);
    assert_eq!(
        code(maps.create(&Default::default(), &named("x")).await),
        403
    );

    let cut = Instant::now();
    on.apply(&Step::DeleteBinding(
        project.id,
        project.namespace.clone(),
        ProjectRole::ReadOnly,
    ))
    .await
    .unwrap();
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

fn named(name: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(name.to_owned());
    map
}
