//! The envelope of every refusal: `{"code", "message", "details"?}`.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// One unusable field or parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// Path of the field in the body, as `labels.team`, or name of the parameter.
    pub field: String,
    /// Why it was refused.
    pub reason: String,
}

/// What the envelope holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Envelope {
    /// `KN-` and the status.
    #[schema(example = "KN-404")]
    pub code: String,
    /// A sentence for people; never text of a database, a cluster or a library.
    pub message: String,
    /// What is wrong with which field; with 409 of an ambiguous name, the uids it fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    message: String,
    details: Vec<Detail>,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A refusal with a status and a sentence.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: a path or query parameter cannot be used.
    pub fn parameter(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "a parameter is not usable").detail(field, reason)
    }

    /// 401: no token, or one that is not accepted. Never says which.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "a valid token is required")
    }

    /// 403.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "not allowed")
    }

    /// 404 of a route that does not exist.
    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no such route")
    }

    /// 422: the body cannot be accepted.
    pub fn body(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the request is not acceptable",
        )
        .detail(field, reason)
    }

    /// 500, without a word about the cause.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    /// 503: a dependency is away.
    pub fn away(retry_after: Duration) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "a dependency is away");
        problem.retry_after = Some(retry_after);
        problem
    }

    /// Adds a field and what is wrong with it.
    #[must_use]
    pub fn detail(mut self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        self.details.push(Detail {
            field: field.into(),
            reason: reason.into(),
        });
        self
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The public code.
    pub fn code(&self) -> String {
        format!("KN-{}", self.status.as_u16())
    }

    /// What is wrong with which field.
    pub fn details(&self) -> &[Detail] {
        &self.details
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = self.code();
        let envelope = Envelope {
            code,
            message: self.message,
            details: self.details,
        };
        let mut response = (self.status, Json(envelope)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(after.as_secs().max(1)),
            );
        }
        response
    }
}

/// Every refusal an operation may answer, for the OpenAPI document.
#[derive(Debug, Clone, Copy)]
pub struct Refusals;

impl utoipa::IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<
        String,
        utoipa::openapi::RefOr<utoipa::openapi::response::Response>,
    > {
        use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
        let refusal = |said: &str| {
            let envelope = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build();
            ResponseBuilder::new()
                .description(said)
                .content("application/json", envelope)
                .build()
        };
        [
            ("400", "A path or query parameter is not usable"),
            ("401", "No token, or one that is not accepted"),
            ("403", "Known, but not allowed"),
            ("404", "Absent, or hidden from this caller"),
            ("405", "The route has no such method"),
            ("408", "The body did not arrive in time"),
            ("409", "The state forbids it"),
            ("412", "The object has another version than If-Match names"),
            ("413", "The body is larger than 1 MiB"),
            ("415", "The body is not application/json"),
            ("422", "The body is not acceptable; details name the fields"),
            ("500", "A defect; the request id finds it in the log"),
            (
                "503",
                "A dependency is away; Retry-After says when to try again",
            ),
        ]
        .into_iter()
        .map(|(code, said)| (code.to_owned(), refusal(said).into()))
        .collect()
    }
}
