//! Registration against servers that are none, that lie, and that are what they should be (attacks 55 to 76).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use kubenova_core::domain::cluster::ProxyKind;
use kubenova_core::ports::fleet::{Admitted, Candidate, Fleet, Refusal};
use kubenova_core::testing::clock::TestClock;
use kubenova_core::value::Secret;
use kubenova_k8s::{FleetOptions, KubeFleet};
use kubenova_store::memory::MemoryStore;

use crate::server::{ApiServer, Ca, kubeconfig, review};

/// A fleet that may reach loopback, with a short deadline.
pub(crate) fn fleet(deadline: Duration) -> KubeFleet {
    let store = Arc::new(MemoryStore::new(Arc::new(TestClock::new())));
    let allow = vec![("127.0.0.0".parse().unwrap(), 8)];
    KubeFleet::new(store, FleetOptions { allow, deadline })
}

pub(crate) fn candidate(kubeconfig: &str) -> Candidate {
    Candidate {
        kubeconfig: Secret::new(kubeconfig),
        proxy_url: None,
        proxy_ca: None,
        proxy_kind: None,
    }
}

async fn admit(kubeconfig: &str) -> Result<Admitted, Refusal> {
    let fleet = fleet(Duration::from_secs(1));
    fleet.admit(candidate(kubeconfig)).await
}

/// Refused for exactly one reason of this class, which quotes nothing.
async fn refused(kubeconfig: &str, class: &str) -> String {
    let Refusal(faults) = admit(kubeconfig).await.unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let reason = faults[0].reason.clone();
    assert!(
        reason.starts_with(&format!("{class}: ")),
        "{class}: {reason}"
    );
    assert!(
        !reason.contains("canary") && !reason.contains("127.0.0.1"),
        "{reason}"
    );
    reason
}

#[tokio::test]
async fn attack_72_a_good_cluster_is_admitted_and_described() {
    let server = ApiServer::start().await;
    let admitted = admit(&server.kubeconfig()).await.unwrap();
    assert_eq!(
        admitted.inspection.identity,
        "11111111-2222-3333-4444-555555555555"
    );
    assert_eq!(admitted.inspection.version, "v1.34.4");
    assert!(admitted.inspection.missing_rights.is_empty());
    assert!(!admitted.inspection.all_powerful && admitted.proxy.is_none());
    let stored = admitted.kubeconfig.expose_str().unwrap().to_owned();
    assert!(stored.contains("canary-token") && stored != server.kubeconfig());
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.path != "/api/v1/secrets")
    );
}

#[tokio::test]
async fn attack_72_weak_and_all_powerful_credentials_are_told() {
    let server = ApiServer::scripted(|parts, body| {
        parts
            .uri
            .path()
            .ends_with("selfsubjectaccessreviews")
            .then(|| {
                let asked: Value = serde_json::from_slice(body).unwrap();
                let attributes = &asked["spec"]["resourceAttributes"];
                let weak = attributes["verb"] == "escalate" || attributes["subresource"] == "token";
                review(&asked, !weak)
            })
    })
    .await;
    let inspection = admit(&server.kubeconfig()).await.unwrap().inspection;
    let missing = ["create serviceaccounts/token", "escalate clusterroles"];
    assert_eq!(inspection.missing_rights, missing);
    assert!(inspection.all_powerful);
}

#[tokio::test]
async fn attack_58_what_is_not_allowed_is_never_connected_to() {
    let server = ApiServer::start().await;
    let store = Arc::new(MemoryStore::new(Arc::new(TestClock::new())));
    let options = FleetOptions {
        allow: Vec::new(),
        deadline: Duration::from_secs(1),
    };
    let closed = KubeFleet::new(store, options);
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::1]",
        "2130706433",
        "0x7f.1",
    ] {
        let text = kubeconfig(&format!("https://{host}:{port}"), Some(&server.ca));
        let Refusal(faults) = closed.admit(candidate(&text)).await.unwrap_err();
        assert!(
            faults[0].reason.starts_with("address: "),
            "{host} {faults:?}"
        );
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn attack_58_closed_silent_plain_and_foreign_servers_are_one_answer() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = closed.local_addr().unwrap();
    drop(closed);
    let mut reasons =
        vec![refused(&kubeconfig(&format!("https://{gone}"), None), "unreachable").await];
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".as_slice();
    let greetings = [b"".as_slice(), http, b"SSH-2.0-OpenSSH_9.7\r\n"];
    for greeting in greetings {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = tcp.accept().await {
                let _ = stream.write_all(greeting).await;
                held.push(stream);
            }
        });
        let text = kubeconfig(&format!("https://{address}"), None);
        reasons.push(refused(&text, "unreachable").await);
    }
    let web = ApiServer::scripted(|_, _| Some("<html>canary</html>".into_response())).await;
    reasons.push(refused(&web.kubeconfig(), "unreachable").await);
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
}

#[tokio::test]
async fn attack_60_redirects_are_not_followed() {
    let bait = ApiServer::start().await;
    let target = bait.url();
    for code in [301, 302, 307, 308] {
        let to = format!("{target}/version");
        let server = ApiServer::scripted(move |_, _| {
            let answer = (
                StatusCode::from_u16(code).unwrap(),
                [("location", to.clone())],
            );
            Some(answer.into_response())
        })
        .await;
        refused(&server.kubeconfig(), "unreachable").await;
    }
    assert!(bait.seen().is_empty());
}

#[tokio::test]
async fn attack_63_untrusted_certificates_never_see_the_credential() {
    let (ours, other) = (Ca::new(), Ca::new());
    for tls in [
        other.serving("127.0.0.1", false),
        ours.serving("127.0.0.1", true),
        ours.serving("elsewhere.example", false),
    ] {
        let server = ApiServer::with_tls(&ours, tls).await;
        refused(&server.kubeconfig(), "tls").await;
        assert!(server.seen().is_empty());
    }
    let right = ApiServer::with_tls(&ours, ours.serving("127.0.0.1", false)).await;
    assert!(admit(&right.kubeconfig()).await.is_ok());
}

#[tokio::test]
async fn refusals_by_the_server_have_their_class() {
    let with = |code: u16, reason: &'static str| {
        ApiServer::scripted(move |_, _| Some(crate::server::status(code, reason, "canary")))
    };
    refused(
        &with(401, "Unauthorized").await.kubeconfig(),
        "unauthorized",
    )
    .await;
    refused(&with(403, "Forbidden").await.kubeconfig(), "rights").await;
    refused(
        &with(500, "InternalError").await.kubeconfig(),
        "unreachable",
    )
    .await;
}

#[tokio::test]
async fn attack_144_a_silent_cluster_ends_at_the_deadline() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let began = tokio::time::Instant::now();
    refused(
        &kubeconfig(&format!("https://{address}"), None),
        "unreachable",
    )
    .await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn attack_143_an_endless_answer_is_cut() {
    let server = ApiServer::scripted(|_, _| {
        let chunk = axum::body::Bytes::from(vec![b' '; 1 << 20]);
        let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        Some(Response::new(axum::body::Body::from_stream(endless)))
    })
    .await;
    let fleet = fleet(Duration::from_secs(20));
    let Refusal(faults) = fleet
        .admit(candidate(&server.kubeconfig()))
        .await
        .unwrap_err();
    assert!(faults[0].reason.starts_with("unreachable: "), "{faults:?}");
}

#[tokio::test]
async fn attack_76_proxy_addresses_are_rebuilt_or_refused() {
    let server = ApiServer::start().await;
    let fleet = fleet(Duration::from_secs(1));
    let with = |url: &str| Candidate {
        proxy_url: Some(url.to_owned()),
        proxy_ca: Some(format!("canary\n{}canary", server.ca)),
        proxy_kind: Some(ProxyKind::Custom),
        ..candidate(&server.kubeconfig())
    };
    for evil in [
        "https://127.0.0.1\nexec: x",
        "https://127.0.0.1/\"",
        "https://127.0.0.1/#x",
        "https://127.0.0.1/{{x}}",
        "http://127.0.0.1",
        "https://169.254.169.254",
        "https://u:p@127.0.0.1",
        "exec:",
    ] {
        let Refusal(faults) = fleet.admit(with(evil)).await.unwrap_err();
        assert_eq!(faults[0].field, "proxyUrl", "{evil} {faults:?}");
    }
    assert!(server.seen().is_empty());
    let proxy = fleet
        .admit(with("https://127.0.0.1:9001/"))
        .await
        .unwrap()
        .proxy
        .unwrap();
    assert_eq!(proxy.url, "https://127.0.0.1:9001");
    assert_eq!(
        proxy.ca_pem.as_deref().map(|pem| pem.replace("\r\n", "\n")),
        Some(server.ca.replace("\r\n", "\n"))
    );
}

#[tokio::test]
async fn attack_129_a_cluster_whose_identity_is_no_uid_is_refused() {
    let server = ApiServer::start().await;
    server.become_cluster("kube-system\u{0}");
    assert!(admit(&server.kubeconfig()).await.is_err());
    server.become_cluster("11111111-2222-3333-4444-555555555555");
    assert!(admit(&server.kubeconfig()).await.is_ok());
}
