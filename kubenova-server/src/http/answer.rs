//! Answers that succeed: the object with its version, pages, and waiting for clusters.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};

use kubenova_core::{
    Error,
    domain::{cluster::Cluster, project::Project, tenant::Tenant},
    value::{Generation, Phase, Status},
};

use super::App;

static NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");
static PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// An object as it is answered, with the headers that belong to it.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    headers: HeaderMap,
    body: T,
}

impl<T> Answer<T> {
    /// 200 with `body`.
    pub fn ok(body: T) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body,
        }
    }

    /// 202 with `body`: the clusters follow.
    pub fn accepted(body: T) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            ..Self::ok(body)
        }
    }

    /// Adds the version as `ETag`.
    #[must_use]
    pub fn version(mut self, version: Generation) -> Self {
        // Digits in quotes are a header's value.
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.headers.insert(header::ETAG, tag);
        }
        self
    }

    /// Says which wait was held.
    #[must_use]
    pub fn waited(mut self, wait: Option<Duration>) -> Self {
        self.headers.extend(waited(wait));
        self
    }

    /// Adds the cursor of the next page, if there is one.
    #[must_use]
    pub fn next(mut self, cursor: Option<String>) -> Self {
        // A cursor is base64 for URLs, which a header may hold.
        if let Some(cursor) = cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok()) {
            self.headers.insert(NEXT_CURSOR.clone(), cursor);
        }
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        (self.status, self.headers, Json(self.body)).into_response()
    }
}

/// 204: what was to go is on its way, or gone.
pub fn gone(wait: Option<Duration>) -> Response {
    (StatusCode::NO_CONTENT, HeaderMap::from_iter(waited(wait))).into_response()
}

fn waited(wait: Option<Duration>) -> Option<(HeaderName, HeaderValue)> {
    let text = format!("wait={}", wait?.as_secs());
    Some((
        PREFERENCE_APPLIED.clone(),
        HeaderValue::try_from(text).ok()?,
    ))
}

/// Intent that clusters follow.
pub trait Followed {
    /// The version of the intent.
    fn version(&self) -> Generation;
    /// How far the clusters are.
    fn status(&self) -> &Status;

    /// Whether the clusters equal the intent.
    fn is_followed(&self) -> bool {
        self.status().observed >= self.version() && self.status().phase == Phase::Deployed
    }
}

macro_rules! followed {
    ($($kind:ty),*) => {$(
        impl Followed for $kind {
            fn version(&self) -> Generation {
                self.generation
            }

            fn status(&self) -> &Status {
                &self.status
            }
        }
    )*};
}

followed!(Cluster, Tenant, Project);

/// Nobody looks more often than this for one waiting request.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// A change in another process may not wake us: look after this long anyway.
const LOOK_ANYWAY: Duration = Duration::from_millis(75);

impl App {
    /// Holds an object until its clusters followed, `wait` is over or the process is told to stop; then tells what is
    /// known.
    pub async fn hold<T, L>(&self, wait: Option<Duration>, known: T, look: impl Fn() -> L) -> T
    where
        T: Followed,
        L: Future<Output = Result<T, Error>>,
    {
        let Some(wait) = wait else { return known };
        let until = Instant::now() + wait;
        let mut known = known;
        while !known.is_followed() && self.next_look(until).await {
            match look().await {
                Ok(now) => known = now,
                Err(_) => break,
            }
        }
        known
    }

    /// Holds until an object is gone, `wait` is over or the process is told to stop.
    pub async fn hold_gone<T, L>(&self, wait: Option<Duration>, look: impl Fn() -> L)
    where
        L: Future<Output = Result<T, Error>>,
    {
        let Some(wait) = wait else { return };
        let until = Instant::now() + wait;
        while look().await.is_ok() && self.next_look(until).await {}
    }

    /// Sleeps until something may have changed; false when there is no more time.
    async fn next_look(&self, until: Instant) -> bool {
        let change = async {
            sleep(LOOK_AGAIN).await;
            tokio::select! {
                () = self.store.woken() => {}
                () = sleep(LOOK_ANYWAY) => {}
            }
        };
        let waited = self
            .stop
            .run_until_cancelled(timeout_at(until, change))
            .await;
        matches!(waited, Some(Ok(())))
    }
}
