//! A capsule-proxy, judged by what it does: the cluster and the proxy are two scripted servers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Json;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::domain::cluster::{Cluster, Proxy, ProxyKind};
use kubenova_core::ports::cluster::{ClusterError, Report};
use kubenova_core::ports::fleet::Fleet;
use kubenova_core::ports::store::Commit;
use kubenova_core::testing::build::a_cluster;
use kubenova_core::testing::clock::TestClock;
use kubenova_core::value::Secret;
use kubenova_k8s::{FleetOptions, KubeFleet};
use kubenova_store::memory::MemoryStore;

use crate::server::{ApiServer, Ca, status};

const ISSUED: &str = "issued-token";

/// A cluster whose accounts are, or are not, Capsule's users.
async fn cluster(users: &'static [&'static str]) -> ApiServer {
    ApiServer::scripted(move |parts, body| {
        let path = parts.uri.path();
        let users: Vec<Value> = users
            .iter()
            .map(|name| json!({"kind": "Group", "name": name}))
            .collect();
        if path.ends_with("/capsuleconfigurations") {
            let one = json!({"metadata": {"name": "default"}, "spec": {"users": users}});
            return Some(list(&[one]));
        }
        if path.ends_with("/token") {
            let status = json!({"token": ISSUED, "expirationTimestamp": "2040-01-01T00:00:00Z"});
            let answer = json!({"metadata": {}, "spec": {"audiences": []}, "status": status});
            return Some((StatusCode::CREATED, Json(answer)).into_response());
        }
        match parts.method.as_str() {
            "PATCH" => Some(Json(serde_json::from_slice::<Value>(body).unwrap()).into_response()),
            "DELETE" => Some(Json(json!({"kind": "Status", "status": "Success"})).into_response()),
            "GET" if path.contains("/secrets/") => {
                Some(Json(json!({"metadata": {"name": "account", "uid": "s"}})).into_response())
            }
            _ => None,
        }
    })
    .await
}

fn list(items: &[Value]) -> Response {
    Json(json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}))
        .into_response()
}

fn forbidden() -> Response {
    status(403, "Forbidden", "no")
}

/// What verification says of a proxy with this behaviour.
async fn verdict(
    users: &'static [&'static str],
    behaviour: impl Fn(&Parts) -> Response + Send + Sync + 'static,
) -> Report {
    let (api, proxy) = (
        cluster(users).await,
        ApiServer::scripted(move |parts, _| Some(behaviour(parts))).await,
    );
    verify(&api, &proxy.url(), &proxy.ca, ProxyKind::CapsuleProxy)
        .await
        .unwrap()
}

async fn verify(
    api: &ApiServer,
    url: &str,
    ca: &str,
    kind: ProxyKind,
) -> Result<Report, ClusterError> {
    let store = Arc::new(MemoryStore::new(Arc::new(TestClock::new())));
    let cluster = Cluster {
        proxy: Some(Proxy {
            kind,
            url: url.to_owned(),
            ca_pem: Some(ca.to_owned()),
        }),
        ..a_cluster()
            .identity("11111111-2222-3333-4444-555555555555")
            .build()
    };
    let write = Write::InsertCluster(Box::new(cluster.clone()), Secret::new(api.kubeconfig()));
    store.commit(ChangeSet::new().write(write)).await.unwrap();
    let options = FleetOptions {
        allow: vec![("127.0.0.0".parse().unwrap(), 8)],
        deadline: Duration::from_secs(2),
    };
    let fleet = KubeFleet::new(store, options);
    fleet.backends(&cluster).await?.proxy.verify().await
}

const USERS: &[&str] = &["system:serviceaccounts:kubenova-system"];

/// A proxy as it should be.
fn good(parts: &Parts) -> Response {
    match parts.uri.path() {
        "/api/v1/namespaces" if is_issued(&parts.headers) => list(&[named("kubenova-system")]),
        _ => forbidden(),
    }
}

fn named(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

fn is_issued(headers: &HeaderMap) -> bool {
    headers
        .get("authorization")
        .is_some_and(|v| v.as_bytes() == format!("Bearer {ISSUED}").as_bytes())
}

#[tokio::test]
async fn a_proxy_that_behaves_is_ready() {
    let report = verdict(USERS, good).await;
    assert_eq!((report.ready, report.reason), (true, "Verified"));
}

#[tokio::test]
async fn accounts_must_be_users_of_capsule() {
    let report = verdict(&[], good).await;
    assert_eq!((report.ready, report.reason), (false, "AccountsAreNoUsers"));
}

#[tokio::test]
async fn attack_117_a_proxy_that_believes_headers_is_not_ready() {
    type Trick = fn(&HeaderMap) -> bool;
    let tricks: [Trick; 3] = [
        |headers| headers.contains_key("impersonate-group"),
        |headers| {
            headers
                .get("connection")
                .is_some_and(|v| v == "Impersonate-User, Impersonate-Group")
        },
        |headers| headers.contains_key("x-forwarded-client-cert"),
    ];
    for trick in tricks {
        let report = verdict(USERS, move |parts| {
            if trick(&parts.headers) {
                list(&[])
            } else {
                good(parts)
            }
        })
        .await;
        assert_eq!((report.ready, report.reason), (false, "ImpersonationOpen"));
    }
}

#[tokio::test]
async fn a_proxy_that_shows_too_much_or_too_little_is_not_ready() {
    let open = verdict(USERS, |_| list(&[])).await;
    assert_eq!((open.ready, open.reason), (false, "ForeignNamespaceOpen"));
    let with = |also: &'static [&'static str]| {
        verdict(USERS, move |parts| match parts.uri.path() {
            "/api/v1/namespaces" => list(&also.iter().copied().map(named).collect::<Vec<_>>()),
            _ => forbidden(),
        })
    };
    for foreign in [&["other"][..], &["kubenova-system", "other"]] {
        let unfiltered = with(foreign).await;
        assert_eq!(
            (unfiltered.ready, unfiltered.reason),
            (false, "ListNotFiltered")
        );
    }
    let hidden = with(&[]).await;
    assert_eq!(
        (hidden.ready, hidden.reason),
        (false, "OwnNamespacesHidden"),
        "started without --enable-reflector"
    );
    let closed = verdict(USERS, |_| forbidden()).await;
    assert_eq!(
        (closed.ready, closed.reason),
        (false, "NamespaceListRefused")
    );
}

#[tokio::test]
async fn a_proxy_that_follows_bindings_a_moment_later_is_ready() {
    let asked = AtomicUsize::new(0);
    let report = verdict(USERS, move |parts| match parts.uri.path() {
        "/api/v1/namespaces" if asked.fetch_add(1, Ordering::SeqCst) < 3 => list(&[]),
        _ => good(parts),
    })
    .await;
    assert_eq!((report.ready, report.reason), (true, "Verified"));
}

#[tokio::test]
async fn the_probe_binds_itself_and_leaves_nothing() {
    let api = cluster(USERS).await;
    let proxy = ApiServer::scripted(|parts, _| Some(good(parts))).await;
    let report = verify(&api, &proxy.url(), &proxy.ca, ProxyKind::CapsuleProxy).await;
    assert!(report.unwrap().ready);
    let seen = api.seen();
    let of = |method: &str| {
        let written = seen.iter().filter(|one| one.method.as_str() == method);
        written.map(|one| one.path.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("PATCH").len(), 3, "account, Secret, binding: {seen:?}");
    assert_eq!(of("PATCH"), of("DELETE"));
}

#[tokio::test]
async fn the_proxy_never_sees_our_own_credential() {
    let api = cluster(USERS).await;
    let proxy = ApiServer::scripted(|parts, _| Some(good(parts))).await;
    let report = verify(&api, &proxy.url(), &proxy.ca, ProxyKind::CapsuleProxy)
        .await
        .unwrap();
    assert!(report.ready);
    let seen = proxy.seen();
    assert!(seen.iter().any(|one| is_issued(&one.headers)));
    let ours = seen
        .iter()
        .filter_map(|one| one.headers.get("authorization"));
    assert!(
        ours.into_iter()
            .all(|value| value != format!("Bearer {}", crate::server::TOKEN).as_str())
    );
    let last = api
        .seen()
        .into_iter()
        .rev()
        .find(|one| one.method != "GET")
        .unwrap();
    assert_eq!(last.method, "DELETE", "the probe's account is removed");
}

#[tokio::test]
async fn a_custom_proxy_must_answer_with_the_registered_certificate() {
    let (api, proxy) = (cluster(USERS).await, ApiServer::start().await);
    let report = verify(&api, &proxy.url(), &proxy.ca, ProxyKind::Custom)
        .await
        .unwrap();
    assert_eq!((report.ready, report.reason), (true, "Answering"));
    let report = verify(&api, &proxy.url(), &Ca::new().pem, ProxyKind::Custom)
        .await
        .unwrap();
    assert_eq!(
        (report.ready, report.reason),
        (false, "CertificateNotTrusted")
    );
}
