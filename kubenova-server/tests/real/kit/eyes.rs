//! What is on the cluster, seen (and changed) by somebody beside KubeNova.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, header};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::place;

/// What has no namespace and is ours, in the order it goes.
const OURS: [&str; 4] = [
    "/api/v1/namespaces",
    "/apis/capsule.clastix.io/v1beta2/tenantowners",
    "/apis/capsule.clastix.io/v1beta2/tenants",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
];

/// What KubeNova writes, and what comes along with a namespace.
const KINDS: [&str; 13] = [
    "/api/v1/namespaces",
    "/apis/capsule.clastix.io/v1beta2/tenants",
    "/apis/capsule.clastix.io/v1beta2/tenantowners",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/api/v1/serviceaccounts",
    "/api/v1/secrets",
    "/api/v1/configmaps",
    "/api/v1/resourcequotas",
    "/api/v1/limitranges",
    "/apis/networking.k8s.io/v1/networkpolicies",
];

/// A client of the cluster as one identity.
#[derive(Clone)]
pub(crate) struct Eyes(Client);

impl Eyes {
    /// An identity of the test cluster.
    pub(crate) async fn of(identity: &str) -> Self {
        Self::from_yaml(&place::kubeconfig(identity)).await
    }

    /// What an issued kubeconfig opens; takes the answer of the server.
    pub(crate) async fn issued(answer: &Value) -> Self {
        let text = answer["kubeconfig"].as_str().unwrap();
        let yaml = STANDARD.decode(text).unwrap();
        Self::from_yaml(&String::from_utf8(yaml).unwrap()).await
    }

    /// Read by the client library of Kubernetes, not by ours: that is what people use it with.
    async fn from_yaml(yaml: &str) -> Self {
        let document = Kubeconfig::from_yaml(yaml).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(document, &options).await;
        let mut config = config.unwrap();
        config.proxy_url = None;
        config.default_retry = false;
        Self(Client::try_from(config).unwrap())
    }

    /// Status and body of any request; 0 without an answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let text = if body.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(&body).unwrap()
        };
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(header::CONTENT_TYPE, kind)
            .body(text)
            .unwrap();
        let asked = self.0.request::<Value>(request);
        match tokio::time::timeout(Duration::from_secs(20), asked).await {
            Ok(Ok(body)) => (200, body),
            Ok(Err(kube::Error::Api(status))) => (status.code, Value::Null),
            Ok(Err(_)) | Err(_) => (0, Value::Null),
        }
    }

    /// The status of a read.
    pub(crate) async fn status(&self, path: &str) -> u16 {
        self.send(Method::GET, path, Value::Null).await.0
    }

    /// An object, `Null` where there is none.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, Value::Null).await;
        assert!(matches!(status, 200 | 404), "GET {path}: {status}");
        body
    }

    /// Changes it by merge patch.
    pub(crate) async fn patch(&self, path: &str, change: Value) {
        let (status, _) = self.send(Method::PATCH, path, change).await;
        assert_eq!(status, 200, "PATCH {path}");
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, _) = self.send(Method::DELETE, path, Value::Null).await;
        assert!(matches!(status, 200 | 202 | 404), "DELETE {path}: {status}");
    }

    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let body = self.get(path).await;
        body["items"].as_array().cloned().unwrap_or_default()
    }

    /// Whether this identity may: a `SelfSubjectAccessReview`.
    pub(crate) async fn may(&self, attributes: Value) -> bool {
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let (status, answer) = self.send(Method::POST, path, body).await;
        assert_eq!(status, 200, "{attributes}");
        answer["status"]["allowed"].as_bool().unwrap()
    }

    /// One line an object: kind, namespace, name.
    pub(crate) async fn inventory(&self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for kind in KINDS {
            for one in self.list(kind).await {
                let text = |field: &str| one["metadata"][field].as_str().unwrap_or("-").to_owned();
                let kind = kind.rsplit('/').next().unwrap();
                lines.insert(format!("{kind} {} {}", text("namespace"), text("name")));
            }
        }
        lines
    }

    /// Removes what an earlier test has left behind, so that it does not fail the next one too.
    pub(crate) async fn clean(&self) {
        let begun = Instant::now();
        while self.sweep().await > 0 {
            assert!(
                begun.elapsed() < Duration::from_secs(400),
                "what was left stays"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Deletes what carries our labels and is not on its way out; how many objects are there still.
    pub(crate) async fn sweep(&self) -> usize {
        let mut left = 0;
        for kind in OURS {
            for one in self
                .list(&format!("{kind}?labelSelector=kubenova.cluster"))
                .await
            {
                left += 1;
                if one["metadata"]["deletionTimestamp"].is_null() {
                    let name = one["metadata"]["name"].as_str().unwrap();
                    // Capsule may refuse while a namespace is still there; then the next round gets it.
                    let path = format!("{kind}/{name}");
                    self.send(Method::DELETE, &path, Value::Null).await;
                }
            }
        }
        left
    }
}

/// Looks every 10 ms until it is so, two minutes at most; how long it took.
pub(crate) async fn until(what: &str, is: impl AsyncFn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is().await {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "waited two minutes: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}
