//! What is shown to a server: client certificates, and nothing to whatever the environment names as a proxy.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;

use kubenova_core::ports::fleet::Fleet;

use crate::admit::{candidate, fleet};
use crate::server::{ApiServer, Ca};

#[tokio::test]
async fn client_certificates_are_shown_in_the_handshake_only() {
    let (servers, clients) = (Ca::new(), Ca::new());
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let tls = servers.serving_to("127.0.0.1", verifier.build().unwrap());
    // Whoever comes through the handshake may read the version; the rest wants a token.
    let server = ApiServer::with_tls(&servers, tls).await;
    let with = |ca: &Ca| {
        let (cert, key) = ca.client("kubenova");
        let user = serde_json::json!({
            "client-certificate-data": BASE64.encode(cert), "client-key-data": BASE64.encode(key),
        });
        let mut text: serde_json::Value = serde_json::from_str(&server.kubeconfig()).unwrap();
        text["users"][0]["user"] = user;
        text.to_string()
    };
    let fleet = fleet(Duration::from_secs(2));
    let known = fleet.admit(candidate(&with(&clients))).await.unwrap_err().0;
    assert!(known[0].reason.starts_with("unauthorized: "), "{known:?}");
    let seen = server.seen();
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|one| !one.headers.contains_key("authorization"))
    );
    let strange = fleet
        .admit(candidate(&with(&Ca::new())))
        .await
        .unwrap_err()
        .0;
    assert!(
        !strange[0].reason.starts_with("unauthorized: "),
        "{strange:?}"
    );
    assert_eq!(server.seen().len(), seen.len());
}

/// Set in the process that the test below starts: this test program again, with a proxy in its environment.
const CHILD: &str = "KUBENOVA_TEST_CHILD";

#[tokio::test]
async fn attack_55_the_environments_proxy_is_ignored() {
    if std::env::var_os(CHILD).is_some() {
        let server = ApiServer::start().await;
        let fleet = fleet(Duration::from_secs(5));
        let admitted = fleet.admit(candidate(&server.kubeconfig())).await;
        assert!(admitted.is_ok());
        return;
    }
    let bait = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", bait.local_addr().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "credential::attack_55_the_environments_proxy_is_ignored",
    ]);
    for name in [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, &proxy);
    }
    child
        .env(CHILD, "1")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    child.stdout(Stdio::null()).stderr(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || child.status())
        .await
        .unwrap();
    assert!(ended.unwrap().success());
    let nobody = tokio::time::timeout(Duration::from_millis(1), bait.accept()).await;
    assert!(nobody.is_err(), "the proxy was connected to");
}
