//! A whole server in this process, on loopback: start, tokens, probes, the end.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use kubenova_server::{Role, Server, config::Sources, telemetry::Exporter};

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    server: Server,
    stop: CancellationToken,
}

async fn start(role: Role, sets: &[String]) -> Running {
    crate::log::keep();
    let free = ["http.listen=127.0.0.1:0", "metrics.listen=127.0.0.1:0"].map(ToOwned::to_owned);
    let sets = free.into_iter().chain(sets.iter().cloned()).collect();
    let config = Sources {
        sets,
        ..Sources::default()
    }
    .load()
    .unwrap();
    let stop = CancellationToken::new();
    let exporter = Exporter::detached().unwrap();
    let server = Server::start(config, role, exporter, stop.clone())
        .await
        .unwrap();
    Running { server, stop }
}

/// One request on a connection of its own: status and body.
async fn ask(at: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: kubenova\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

fn bootstrap(file: &Path) -> String {
    format!("auth.bootstrap_token_file={}", file.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_serves_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let running = start(Role::All, &[bootstrap(&file)]).await;
    let (api, metrics) = (running.server.api().unwrap(), running.server.metrics());
    let token = std::fs::read_to_string(&file).unwrap();
    let (status, me) = ask(api, "GET", "/api/v1/me", &token, "").await;
    let me: Value = serde_json::from_str(&me).unwrap();
    assert_eq!(
        (status, &me["subject"], &me["roles"]),
        (200, &json!("bootstrap"), &json!(["admin"]))
    );
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(api, "GET", path, "", "").await.0, 200);
        assert_eq!(ask(metrics, "GET", path, "", "").await.0, 200);
    }
    assert_eq!(ask(metrics, "GET", "/metrics", "", "").await.0, 200);
    running.stop.cancel();
    timeout(PATIENCE, running.server.ended())
        .await
        .expect("it ends")
        .unwrap();
    assert!(TcpStream::connect(api).await.is_err());
    assert!(TcpStream::connect(metrics).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_166_metrics_are_not_on_the_public_port() {
    let running = start(Role::Api, &[]).await;
    let api = running.server.api().unwrap();
    for path in ["/metrics", "/debug/pprof", "/admin", "/docs"] {
        assert_eq!(ask(api, "GET", path, "", "").await.0, 404, "{path}");
    }
    assert_eq!(
        ask(running.server.metrics(), "GET", "/api/v1/version", "", "")
            .await
            .0,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_27_a_revoked_token_is_refused_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let running = start(Role::All, &[bootstrap(&file)]).await;
    let api = running.server.api().unwrap();
    let admin = std::fs::read_to_string(&file).unwrap();
    let body = json!({"subject": "s", "roles": ["ops"]}).to_string();
    let (_, issued) = ask(api, "POST", "/api/v1/tokens", &admin, &body).await;
    let issued: Value = serde_json::from_str(&issued).unwrap();
    let token = issued["token"].as_str().unwrap();
    assert_eq!(ask(api, "GET", "/api/v1/me", token, "").await.0, 200);
    let path = format!("/api/v1/tokens/{}", issued["id"].as_str().unwrap());
    assert_eq!(ask(api, "DELETE", &path, &admin, "").await.0, 204);
    let revoked = Instant::now();
    while ask(api, "GET", "/api/v1/me", token, "").await.0 != 401 {
        assert!(revoked.elapsed() < Duration::from_secs(1), "still accepted");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_alone_serve_probes_only() {
    let running = start(Role::Worker, &[]).await;
    assert!(running.server.api().is_none());
    assert_eq!(
        ask(running.server.metrics(), "GET", "/readyz", "", "")
            .await
            .0,
        200
    );
    running.stop.cancel();
    timeout(PATIENCE, running.server.ended())
        .await
        .expect("it ends")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_the_start_is_named() {
    let taken = start(Role::Api, &[]).await;
    let address = taken.server.api().unwrap();
    for (set, named) in [
        (format!("http.listen={address}"), "http.listen: "),
        (
            "auth.signing_key_file=/nowhere/key".to_owned(),
            "auth.signing_key_file: ",
        ),
        (
            "auth.bootstrap_token_file=/nowhere/token".to_owned(),
            "auth.bootstrap_token_file: ",
        ),
    ] {
        let sets = vec![
            "http.listen=127.0.0.1:0".to_owned(),
            "metrics.listen=127.0.0.1:0".to_owned(),
            set,
        ];
        let config = Sources {
            sets,
            ..Sources::default()
        }
        .load()
        .unwrap();
        let exporter = Exporter::detached().unwrap();
        let started = Server::start(config, Role::Api, exporter, CancellationToken::new()).await;
        let said = started.expect_err("must not start").to_string();
        assert!(said.starts_with(named) && !said.contains('\n'), "{said}");
    }
}
