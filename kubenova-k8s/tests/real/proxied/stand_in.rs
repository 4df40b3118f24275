//! Stands in for a capsule-proxy where no binary of one is given: it asks the cluster who a caller is, and lists to Capsule's
//! users the namespaces in which a role binding names them, and no other.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use http_body_util::BodyExt;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{ListParams, PostParams};
use kube::client::Body;
use kube::{Api, Client};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use kubenova_core::value::{Name, Secret};

use super::{Front, users};
use crate::access::handed_out;
use crate::kit::client;

/// Starts one; it ends with the test.
pub(crate) async fn start(admin: Client) -> Front {
    let (cert, key, ca_pem) = certificate();
    let tls = acceptor(&cert, &key);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", tcp.local_addr().unwrap());
    let router = Router::new().fallback(handle).with_state(Arc::new(admin));
    tokio::spawn(async move { axum::serve(Secure { tcp, tls }, router).await });
    Front {
        url,
        ca_pem,
        _running: None,
    }
}

/// A certificate of loopback, its key, and the CA's certificate; all PEM.
pub(crate) fn certificate() -> (String, String, String) {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(ca, key);
    let key = KeyPair::generate().unwrap();
    let names = ["127.0.0.1", "localhost"].map(str::to_owned);
    let own = CertificateParams::new(names).unwrap();
    let own = own.signed_by(&key, &issuer).unwrap();
    (own.pem(), key.serialize_pem(), ca_pem)
}

fn acceptor(cert: &str, key: &str) -> TlsAcceptor {
    let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
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

async fn handle(State(admin): State<Arc<Client>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let Some(token) = bearer(&parts.headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(user) = who(&admin, &token).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let mut path = parts.uri.path_and_query().unwrap().to_string();
    let listed = parts.method == "GET" && parts.uri.path() == "/api/v1/namespaces";
    let caller = if listed && is_capsules(&admin, &user).await {
        let own = namespaces_of(&admin, &user).await.join(",");
        path =
            format!("/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name%20in%20({own})");
        (*admin).clone()
    } else {
        let nowhere = Name::parse("default").unwrap();
        client(&handed_out(token, &nowhere).await)
    };
    // Of the caller's headers only this one goes on: nobody claims to be somebody else.
    let mut forwarded = http::Request::builder().method(parts.method).uri(path);
    if let Some(kind) = parts.headers.get("content-type") {
        forwarded = forwarded.header("content-type", kind);
    }
    let forwarded = forwarded.body(Body::from(body.to_vec())).unwrap();
    let answer = caller.send(forwarded).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, [("content-type", "application/json")], body).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let shown = headers.get("authorization")?.to_str().ok()?;
    let token = shown.strip_prefix("Bearer ")?;
    (!token.is_empty()).then(|| Secret::new(token))
}

async fn who(admin: &Client, token: &Secret) -> Option<UserInfo> {
    let spec = TokenReviewSpec {
        token: token.expose_str().map(str::to_owned),
        audiences: None,
    };
    let review = TokenReview {
        spec,
        ..TokenReview::default()
    };
    let reviews: Api<TokenReview> = Api::all(admin.clone());
    let answer = reviews.create(&PostParams::default(), &review).await;
    let status = answer.unwrap().status.unwrap();
    status.user.filter(|_| status.authenticated == Some(true))
}

async fn is_capsules(admin: &Client, user: &UserInfo) -> bool {
    let groups = user.groups.clone().unwrap_or_default();
    let named = users::all(admin).await;
    named.iter().any(|name| groups.contains(name))
}

async fn namespaces_of(admin: &Client, user: &UserInfo) -> Vec<String> {
    let name = user.username.clone().unwrap_or_default();
    let bindings: Api<RoleBinding> = Api::all(admin.clone());
    let all = bindings.list(&ListParams::default()).await.unwrap().items;
    let is = |one: &RoleBinding| {
        one.subjects.iter().flatten().any(|subject| {
            let place = subject.namespace.as_deref().unwrap_or_default();
            name == format!("system:serviceaccount:{place}:{}", subject.name)
        })
    };
    let found = all.into_iter().filter(is);
    found.filter_map(|one| one.metadata.namespace).collect()
}
