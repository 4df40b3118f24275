//! A caller of the server under demonstration: every request is printed, and so is its answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::print;
use crate::host::say;
use crate::{Context as _, Failure, Result};

/// Longer than the longest wait that we ask for.
const DEADLINE: Duration = Duration::from_secs(90);
const PREFIX: &str = "/api/v1";

/// One request, and the status that it must have.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    wait: Option<u32>,
    want: StatusCode,
    quiet: bool,
}

impl Call {
    /// Reads what is at a path below `/api/v1`.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::of(Method::GET, path.into(), None)
    }

    /// Sends a body to a path; `Null` sends none.
    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::of(Method::POST, path.into(), Some(body))
    }

    /// Replaces what is at a path.
    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::of(Method::PUT, path.into(), Some(body))
    }

    /// Deletes what is at a path; the answer is 204 unless said otherwise.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::of(Method::DELETE, path.into(), None).want(StatusCode::NO_CONTENT)
    }

    fn of(method: Method, path: String, body: Option<Value>) -> Self {
        let body = body.filter(|body| !body.is_null());
        Self {
            method,
            path,
            body,
            wait: None,
            want: StatusCode::OK,
            quiet: false,
        }
    }

    /// Asks the server to hold its answer until the cluster followed.
    pub(crate) fn wait(mut self, seconds: u32) -> Self {
        self.wait = Some(seconds);
        self
    }

    /// The status that it must have; 200 (204 for DELETE) unless said.
    pub(crate) fn want(mut self, status: StatusCode) -> Self {
        self.want = status;
        self
    }

    /// Is not printed: one of many that wait for something.
    pub(crate) fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }
}

/// Somebody with a token, or nobody.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
    name: String,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Api {
    /// A caller without a token. `base` is `http://host:port`.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let (base, name) = (base.into(), "nobody".to_owned());
        Self {
            http,
            base,
            token: None,
            name,
        }
    }

    /// The same server, called by somebody with a token.
    pub(crate) fn as_caller(&self, name: &str, token: &str) -> Self {
        Self {
            token: Some(token.trim().to_owned()),
            name: name.to_owned(),
            ..self.clone()
        }
    }

    /// Sends a request, prints both ways and gives the body of the answer, `Null` where there is none.
    ///
    /// # Errors
    /// When there is no answer, or it has another status than wanted: then with the answer.
    pub(crate) async fn call(&self, call: Call) -> Result<Value> {
        let line = format!("{} {PREFIX}{}", call.method, call.path);
        if !call.quiet {
            let waiting = call.wait.map(|seconds| format!("  Prefer: wait={seconds}"));
            let waiting = waiting.unwrap_or_default();
            say::result(format!("→ {line}{waiting}  (as {})", self.name));
            print::json(call.body.as_ref().unwrap_or(&Value::Null));
        }
        let begun = Instant::now();
        let (status, body) = self.send(&call).await.context(&line)?;
        if !call.quiet {
            say::result(format!("← {status} in {} ms", begun.elapsed().as_millis()));
            print::json(&body);
        }
        if status == call.want {
            return Ok(body);
        }
        let want = call.want;
        Err(Failure::new(format!(
            "{line} answered {status} instead of {want}: {body}"
        )))
    }

    /// Asks for `path` every 50 ms until `ready` says so, and prints the last answer.
    ///
    /// # Errors
    /// When that is not so within `patience`: then with the last answer.
    pub(crate) async fn until(
        &self,
        path: &str,
        patience: Duration,
        ready: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let seen = self.call(Call::get(path).quietly()).await?;
            if ready(&seen) {
                let after = begun.elapsed().as_millis();
                say::result(format!(
                    "→ GET {PREFIX}{path}  (as {}, until it is so: {after} ms)",
                    self.name
                ));
                print::json(&seen);
                return Ok(seen);
            }
            if begun.elapsed() >= patience {
                let after = patience.as_secs();
                return Err(Failure::new(format!(
                    "GET {PREFIX}{path} still answers after {after} s: {seen}"
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The status alone, of any path of the server.
    pub(crate) async fn status_of(&self, path: &str) -> Option<StatusCode> {
        let request = Request::get(format!("{}{path}", self.base)).body(Full::default());
        let asked =
            tokio::time::timeout(Duration::from_secs(2), self.http.request(request.ok()?)).await;
        Some(asked.ok()?.ok()?.status())
    }

    async fn send(&self, call: &Call) -> Result<(StatusCode, Value)> {
        let uri = format!("{}{PREFIX}{}", self.base, call.path);
        let mut request = Request::builder().method(call.method.clone()).uri(uri);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(seconds) = call.wait {
            request = request.header("prefer", format!("wait={seconds}"));
        }
        if call.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = request
            .body(Full::from(body))
            .context("build the request")?;
        let asked = async {
            let answer = self.http.request(request).await.context("no answer")?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.context("no whole answer")?.to_bytes();
            Ok((head.status, body))
        };
        let asked = tokio::time::timeout(DEADLINE, asked).await;
        let (status, body) = asked.context("no answer in time")??;
        if body.is_empty() {
            return Ok((status, Value::Null));
        }
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        Ok((
            status,
            serde_json::from_slice(&body).unwrap_or_else(|_| text()),
        ))
    }
}

/// A text inside an answer, by JSON pointer.
///
/// # Errors
/// When there is none.
pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .context(format!("the answer has no text at {pointer}: {value}"))
}

/// Goes on only if `holds`.
///
/// # Errors
/// `what` with the value that was seen, when it does not.
pub(crate) fn demand(holds: bool, what: &str, seen: &Value) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Failure::new(format!(
        "expected that {what}, but saw: {seen}"
    )))
}
