//! What may be sent twice is sent again when the API server is busy: a few times, soon, and never on its order alone.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use tower::{BoxError, Service, ServiceExt};

/// The most repetitions of one request.
const REPEATS: u32 = 3;
/// The first pause; it doubles.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause. A server that asks for more gets no repetition: its answer is passed on.
const LONGEST: Duration = Duration::from_secs(2);

/// A service that repeats idempotent requests on 429, 503 and 504. The deadline around it bounds all of them together.
#[derive(Debug, Clone)]
pub(super) struct Repeat<S> {
    pub(super) inner: S,
}

impl<S, B> Service<Request<Body>> for Repeat<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let fresh = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            let mut request = request;
            for turn in 0..REPEATS {
                let Some(again) = copy(&request) else {
                    return ready.call(request).await;
                };
                let answer = ready.call(request).await?;
                let Some(pause) = pause(&answer, turn) else {
                    return Ok(answer);
                };
                drop(answer);
                tokio::time::sleep(pause).await;
                ready.ready().await?;
                request = again;
            }
            ready.call(request).await
        })
    }
}

/// The same request again, where sending it twice does what sending it once does.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let method = request.method();
    let kind = request.headers().get(CONTENT_TYPE);
    let is_apply = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/apply-patch"));
    let safe = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE].contains(method)
        || (method == Method::PATCH && is_apply);
    let body = safe.then(|| request.body().try_clone()).flatten()?;
    let mut again = Request::new(body);
    again.method_mut().clone_from(method);
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    again.extensions_mut().clone_from(request.extensions());
    Some(again)
}

/// How long to wait before the next turn; `None` where the answer is to be passed on.
fn pause<B>(answer: &Response<B>, turn: u32) -> Option<Duration> {
    let busy = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    if !busy.contains(&answer.status()) {
        return None;
    }
    let ours = FIRST.saturating_mul(1 << turn).min(LONGEST);
    let wish = answer.headers().get(RETRY_AFTER);
    let wish = wish.and_then(|value| value.to_str().ok()?.parse().ok());
    let wish = wish.map_or(Duration::ZERO, Duration::from_secs);
    (wish <= LONGEST).then(|| ours.max(wish))
}
