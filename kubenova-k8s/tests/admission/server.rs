//! A scripted API server on loopback: real TLS, real HTTP, and a memory of what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use axum::{Json, Router};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoClientAuth;
use rustls::server::danger::ClientCertVerifier;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The only credential that it accepts.
pub(crate) const TOKEN: &str = "canary-token";

/// A certificate authority.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Ca {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// TLS of a server that has this name.
    pub(crate) fn serving(&self, name: &str, expired: bool) -> TlsAcceptor {
        self.acceptor(name, expired, Arc::new(NoClientAuth))
    }

    /// TLS of a server that lets only some clients in.
    pub(crate) fn serving_to(
        &self,
        name: &str,
        clients: Arc<dyn ClientCertVerifier>,
    ) -> TlsAcceptor {
        self.acceptor(name, false, clients)
    }

    fn acceptor(
        &self,
        name: &str,
        expired: bool,
        clients: Arc<dyn ClientCertVerifier>,
    ) -> TlsAcceptor {
        let (cert, key) = self.signed(name, expired);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A client's certificate and key, both PEM.
    pub(crate) fn client(&self, name: &str) -> (String, String) {
        let (cert, key) = self.signed(name, false);
        (cert.pem(), key.serialize_pem())
    }

    fn signed(&self, name: &str, expired: bool) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

type Answer = Box<dyn Fn(&Parts, &[u8]) -> Option<Response> + Send + Sync>;

struct Script {
    uid: Mutex<String>,
    seen: Mutex<Vec<Seen>>,
    answer: Answer,
}

/// A running server. It ends with the test.
pub(crate) struct ApiServer {
    pub(crate) address: SocketAddr,
    pub(crate) ca: String,
    script: Arc<Script>,
}

impl ApiServer {
    /// One that answers like a Kubernetes whose credential may do everything it needs to, and nothing else.
    pub(crate) async fn start() -> Self {
        Self::scripted(|_, _| None).await
    }

    /// One that asks the script first.
    pub(crate) async fn scripted(
        answer: impl Fn(&Parts, &[u8]) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        let ca = Ca::new();
        let tls = ca.serving("127.0.0.1", false);
        Self::with(ca.pem, tls, Box::new(answer)).await
    }

    /// One with this certificate, whose clients are told of that CA.
    pub(crate) async fn with_tls(ca: &Ca, tls: TlsAcceptor) -> Self {
        Self::with(ca.pem.clone(), tls, Box::new(|_, _| None)).await
    }

    async fn with(ca: String, tls: TlsAcceptor, answer: Answer) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let script = Arc::new(Script {
            uid: Mutex::new("11111111-2222-3333-4444-555555555555".to_owned()),
            seen: Mutex::default(),
            answer,
        });
        let router = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(Secure { tcp, tls }, router).await });
        Self {
            address,
            ca,
            script,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// From now on another cluster answers here.
    pub(crate) fn become_cluster(&self, uid: &str) {
        uid.clone_into(&mut self.script.uid.lock().unwrap());
    }

    /// What was sent so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    pub(crate) fn kubeconfig(&self) -> String {
        kubeconfig(&self.url(), Some(&self.ca))
    }
}

/// A plain kubeconfig.
pub(crate) fn kubeconfig(server: &str, ca: Option<&str>) -> String {
    use base64::Engine;
    let ca = ca.map(|pem| base64::engine::general_purpose::STANDARD.encode(pem));
    let mut cluster = json!({"server": server});
    if let Some(ca) = ca {
        cluster["certificate-authority-data"] = ca.into();
    }
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    })
    .to_string()
}

struct Secure {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, from) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

async fn handle(State(script): State<Arc<Script>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    script.seen.lock().unwrap().push(Seen {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        headers: parts.headers.clone(),
    });
    if let Some(answer) = (script.answer)(&parts, &body) {
        return answer;
    }
    let shown = parts.headers.get("authorization").map(|v| v.as_bytes());
    if shown != Some(format!("Bearer {TOKEN}").as_bytes()) {
        return status(401, "Unauthorized", "no such credential");
    }
    kubernetes(&script, &parts, &body)
}

fn kubernetes(script: &Script, parts: &Parts, body: &Bytes) -> Response {
    match (parts.method.as_str(), parts.uri.path()) {
        ("GET", "/version") => Json(json!({
            "major": "1", "minor": "34", "gitVersion": "v1.34.4", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        }))
        .into_response(),
        ("GET", "/api/v1/namespaces/kube-system") => {
            let uid = script.uid.lock().unwrap().clone();
            Json(json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": uid},
            }))
            .into_response()
        }
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
            let asked: Value = serde_json::from_slice(body).unwrap();
            review(&asked, asked["spec"]["resourceAttributes"]["verb"] != "*")
        }
        _ => status(404, "NotFound", "not here"),
    }
}

/// The answer to an access review.
pub(crate) fn review(asked: &Value, allowed: bool) -> Response {
    let mut answer = asked.clone();
    answer["status"] = json!({"allowed": allowed});
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// A failure as API servers tell it.
pub(crate) fn status(code: u16, reason: &str, message: &str) -> Response {
    let body = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).unwrap(), Json(body)).into_response()
}
