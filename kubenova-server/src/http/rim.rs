//! What holds for every request and answer, whatever the route: id, span, deadline, panics, headers, metrics.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use tokio::time::{Instant, timeout};
use tracing::{Instrument as _, debug, error, info_span, warn};

use kubenova_core::{
    access::RequestId,
    ports::Ids,
    value::{Subject, TenantId, TokenId},
};

use super::Problem;
use crate::telemetry::name;

/// Carries the request's id both ways.
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the rim needs.
#[derive(Clone)]
pub struct Rim {
    /// Makes ids for requests that bring none.
    pub ids: Arc<dyn Ids>,
    /// An answer begins within this time.
    pub deadline: Duration,
    /// Is told of every answer that refuses.
    pub refused: Arc<dyn Fn(Refused) + Send + Sync>,
}

impl std::fmt::Debug for Rim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rim")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Who made a request, as far as it is known; filled in when a token is believed.
#[derive(Debug, Clone, Default)]
pub struct Who(Arc<OnceLock<Known>>);

/// A caller whose token was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who he is.
    pub subject: Subject,
    /// The token he showed.
    pub token: Option<TokenId>,
    /// The tenant the token is bound to.
    pub tenant: Option<TenantId>,
}

impl Who {
    /// Notes who it is. Only the first call counts.
    pub fn is(&self, known: Known) {
        let _ = self.0.set(known);
    }

    /// Who it is.
    pub fn known(&self) -> Option<&Known> {
        self.0.get()
    }
}

/// An answer that refused.
#[derive(Debug, Clone)]
pub struct Refused {
    /// In which request.
    pub request: RequestId,
    /// By whom; nobody where no token was believed.
    pub who: Option<Known>,
    /// How.
    pub method: Method,
    /// The template of the route; nothing where none exists.
    pub route: Option<MatchedPath>,
    /// The path as it came.
    pub path: String,
    /// With which status.
    pub status: StatusCode,
}

/// Wraps every route and every fallback.
pub async fn rim(State(rim): State<Arc<Rim>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers()).unwrap_or_else(|| RequestId::of(rim.ids.next()));
    let who = Who::default();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(who.clone());
    let seen = Refused {
        request: id,
        who: None,
        method: request.method().clone(),
        route: request.extensions().get::<MatchedPath>().cloned(),
        path: request.uri().path().to_owned(),
        status: StatusCode::OK,
    };
    let route = seen.route.as_ref().map_or("none", MatchedPath::as_str);
    let span = info_span!("request", request.id = %seen.request, http.method = %seen.method, http.route = route);
    let mut answer = bounded(rim.deadline, next.run(request))
        .instrument(span.clone())
        .await;
    finish(answer.headers_mut(), &seen.request);
    span.in_scope(|| record(&seen, answer.status(), began.elapsed()));
    if answer.status().is_client_error() || answer.status().is_server_error() {
        let (who, status) = (who.known().cloned(), answer.status());
        (rim.refused)(Refused {
            who,
            status,
            ..seen
        });
    }
    answer
}

/// The id a caller sent, if it has the shape of one.
fn request_id(headers: &HeaderMap) -> Option<RequestId> {
    RequestId::parse(headers.get(&REQUEST_ID)?.to_str().ok()?)
}

/// Turns a panic into 500 and an overdue answer into 503. A write that is cut here goes on by itself.
async fn bounded(deadline: Duration, answer: impl Future<Output = Response>) -> Response {
    match timeout(deadline, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => {
            error!("A handler panicked");
            Problem::internal().into_response()
        }
        Err(_overdue) => {
            error!("A request was not answered in time");
            Problem::away(Duration::from_secs(1)).into_response()
        }
    }
}

/// Headers that every answer has.
fn finish(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // The shape of an id is a subset of what a header may hold.
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID.clone(), id);
    }
}

fn record(seen: &Refused, status: StatusCode, took: Duration) {
    let route = seen
        .route
        .as_ref()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = method_label(&seen.method);
    let code = status.as_u16().to_string();
    metrics::counter!(name::REQUESTS, "method" => method, "route" => route.clone(), "status" => code)
        .increment(1);
    metrics::histogram!(name::LATENCY, "method" => method, "route" => route).record(took);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        warn!(http.status = status.as_u16(), "A dependency is away");
    } else if status.is_server_error() {
        error!(http.status = status.as_u16(), "Answered with an error");
    } else {
        debug!(
            http.status = status.as_u16(),
            took.us = took.as_micros(),
            "Answered"
        );
    }
}

/// A label of a closed set: a caller cannot make up new ones.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The answer where no route is.
pub async fn no_route() -> Problem {
    Problem::no_route()
}

/// The answer where a route is, but not for this method.
pub async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this route has no such method",
    )
}

#[cfg(test)]
mod tests;
