//! Backends of registered clusters: which cluster answers, and what is issued while none does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde_json::json;

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::ports::cluster::{ClusterError, Presence, ProjectSpec, Step};
use kubenova_core::ports::fleet::Fleet;
use kubenova_core::ports::proxy::KubeconfigParts;
use kubenova_core::ports::store::Commit;
use kubenova_core::testing::build::{a_cluster, name};
use kubenova_core::testing::clock::TestClock;
use kubenova_core::value::{ClusterId, ProjectId, Secret, TenantId};
use kubenova_k8s::kubeconfig::{Credential, parse};
use kubenova_k8s::{FleetOptions, KubeFleet};
use kubenova_store::memory::MemoryStore;

use crate::server::{ApiServer, TOKEN};

/// A fleet that knows this server under the identity that it had.
async fn registered(server: &ApiServer) -> (KubeFleet, Cluster) {
    let store = Arc::new(MemoryStore::new(Arc::new(TestClock::new())));
    let cluster = a_cluster()
        .identity("11111111-2222-3333-4444-555555555555")
        .build();
    let credential = Secret::new(server.kubeconfig());
    let write = Write::InsertCluster(Box::new(cluster.clone()), credential);
    store.commit(ChangeSet::new().write(write)).await.unwrap();
    let options = FleetOptions {
        allow: vec![("127.0.0.0".parse().unwrap(), 8)],
        deadline: Duration::from_secs(5),
    };
    (KubeFleet::new(store, options), cluster)
}

#[tokio::test]
async fn attack_74_nothing_is_written_to_another_cluster() {
    let server = ApiServer::start().await;
    let (fleet, cluster) = registered(&server).await;
    server.become_cluster("99999999-2222-3333-4444-555555555555");
    let backends = fleet.backends(&cluster).await.unwrap();
    let step = Step::ApplyPlatform(cluster.id);
    let wrote = backends.cluster.apply(&step).await;
    assert_eq!(wrote, Err(ClusterError::IdentityChanged));
    let seen = server.seen();
    assert!(
        !seen.is_empty() && seen.iter().all(|one| one.method == "GET"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn attack_74_a_new_connection_is_asked_before_anything_is_sent_over_it() {
    // Each look closes its connection, so that the next call needs a new one.
    let server = ApiServer::scripted(|parts, _| {
        let look = parts.uri.path() == "/api/v1/namespaces/acme-web";
        let absent = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
        let close = [(header::CONNECTION, "close")];
        look.then(|| (StatusCode::NOT_FOUND, close, Json(absent)).into_response())
    })
    .await;
    let (fleet, cluster) = registered(&server).await;
    let on = fleet.backends(&cluster).await.unwrap().cluster;
    let want = project();
    let seen = on.observe_project(&want).await.unwrap();
    assert_eq!(seen.namespace, Presence::Absent);
    // The right cluster was seen a moment ago, and would be believed for seconds.
    server.become_cluster("99999999-2222-3333-4444-555555555555");
    let before = server.seen().len();
    let wrote = on.apply(&Step::CreateNamespace(want.clone())).await;
    assert_eq!(wrote, Err(ClusterError::IdentityChanged));
    let looked = on.observe_project(&want).await;
    assert_eq!(looked, Err(ClusterError::IdentityChanged));
    let asked = &server.seen()[before..];
    assert!(!asked.is_empty());
    for one in asked {
        assert_eq!(one.path, "/api/v1/namespaces/kube-system");
    }
    server.become_cluster(&cluster.identity);
    let seen = on.observe_project(&want).await.unwrap();
    assert_eq!(seen.namespace, Presence::Absent, "it is back");
}

fn project() -> ProjectSpec {
    ProjectSpec {
        id: ProjectId::nth(1),
        tenant: TenantId::nth(1),
        cluster: ClusterId::nth(1),
        tenant_name: name("acme"),
        name: name("web"),
        namespace: name("acme-web"),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        request: None,
    }
}

#[tokio::test]
async fn backends_are_kept_until_they_are_forgotten() {
    let server = ApiServer::start().await;
    let (fleet, cluster) = registered(&server).await;
    let first = fleet.backends(&cluster).await.unwrap();
    let again = fleet.backends(&cluster).await.unwrap();
    assert!(Arc::ptr_eq(&first.cluster, &again.cluster));
    fleet.forget(cluster.id);
    let fresh = fleet.backends(&cluster).await.unwrap();
    assert!(!Arc::ptr_eq(&first.cluster, &fresh.cluster));
}

#[tokio::test]
async fn attack_114_a_direct_kubeconfig_points_to_the_registered_server() {
    let server = ApiServer::start().await;
    let (fleet, cluster) = registered(&server).await;
    let backends = fleet.backends(&cluster).await.unwrap();
    let parts = KubeconfigParts {
        cluster_name: name("c1"),
        user_name: "exec: \"x\"\n# {{y}}".to_owned(),
        namespace: Some(name("acme-web")),
        token: Secret::new("issued"),
    };
    let made = backends.proxy.kubeconfig(parts).await.unwrap();
    let access = parse(&made).unwrap();
    assert_eq!(access.endpoint.url(), server.url());
    assert!(access.ca_pem.is_some() && access.tls_server_name.is_none());
    let Credential::Token(token) = access.credential else {
        panic!("a token");
    };
    assert_eq!(token.expose(), b"issued");
    let text = made.expose_str().unwrap();
    assert!(text.contains("acme-web") && !text.contains(TOKEN) && !text.contains("insecure"));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_cluster_without_a_credential_is_unreachable() {
    let server = ApiServer::start().await;
    let (fleet, _) = registered(&server).await;
    let unknown = a_cluster().nth(2).named("other").build();
    assert_eq!(
        fleet.backends(&unknown).await.err(),
        Some(ClusterError::Unreachable)
    );
}
