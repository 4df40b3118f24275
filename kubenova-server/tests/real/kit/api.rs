//! A caller of the server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Longer than the longest wait that is asked for.
const DEADLINE: Duration = Duration::from_secs(90);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(20);

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
    token: String,
}

impl Api {
    /// `base` is `http://host:port`.
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let (base, token) = (base.to_owned(), token.trim().to_owned());
        Self { http, base, token }
    }

    /// The same server, somebody else.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self::new(&self.base, token)
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request below `/api/v1` (`path` may begin with `/`, other paths with `!`); `None` without an answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        wait: u32,
    ) -> Option<(u16, Value)> {
        let uri = match path.strip_prefix('!') {
            Some(bare) => format!("{}{bare}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if wait > 0 {
            request = request.header("prefer", format!("wait={wait}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::from(text)).unwrap();
        let asked = async {
            let answer = self.http.request(request).await.ok()?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.ok()?.to_bytes();
            let value = serde_json::from_slice(&body).unwrap_or_default();
            Some((head.status.as_u16(), value))
        };
        tokio::time::timeout(DEADLINE, asked).await.ok().flatten()
    }

    /// The body of an answer that must have this status.
    pub(crate) async fn must(
        &self,
        want: u16,
        method: Method,
        path: &str,
        body: Option<&Value>,
        // `Prefer: wait`, in seconds
    ) -> Value {
        let wait = if method == Method::GET { 0 } else { 60 };
        let line = format!("{method} {path}");
        let answer = self.send(method, path, body, wait).await;
        let (status, body) = answer.unwrap_or_else(|| panic!("{line}: no answer"));
        assert_eq!(status, want, "{line}: {body}");
        body
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.must(200, Method::GET, path, None).await
    }

    /// Waits for the cluster to follow.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.must(200, Method::POST, path, Some(&body)).await
    }

    /// Waits for the cluster to follow.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.must(200, Method::PUT, path, Some(&body)).await
    }

    /// Waits until it is gone.
    pub(crate) async fn delete(&self, path: &str) {
        self.must(204, Method::DELETE, path, None).await;
    }

    /// Every entry of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let uri = format!("{}/api/v1{path}{joint}limit=200{cursor}", self.base);
            let request = Request::get(uri);
            let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
            let answer = self.http.request(request.body(Full::default()).unwrap());
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let next = answer.headers().get("x-next-cursor").cloned();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            entries.extend(serde_json::from_slice::<Vec<Value>>(&body).unwrap());
            let Some(next) = next else { return entries };
            cursor = format!("&cursor={}", next.to_str().unwrap());
        }
    }

    /// Looks until it is so; how long that took, and what was seen.
    pub(crate) async fn until(
        &self,
        path: &str,
        what: &str,
        patience: Duration,
        is: impl Fn(&Value) -> bool,
    ) -> (Duration, Value) {
        let begun = Instant::now();
        loop {
            let seen = self.send(Method::GET, path, None, 0).await;
            let seen = seen.map_or(Value::Null, |(_, body)| body);
            if is(&seen) {
                return (begun.elapsed(), seen);
            }
            assert!(
                begun.elapsed() < patience,
                "{what}: not after {patience:?}: {seen}"
            );
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// A condition of an object of the API, `Null` where there is none.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let all = object
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .find(|one| one["type"] == kind)
        .unwrap_or(&Value::Null)
}

/// Whether the cluster equals the intent.
pub(crate) fn deployed(object: &Value) -> bool {
    object["status"]["phase"] == "Deployed"
}
