//! Request bodies: media type, size, time and JSON, each refused in the contract's words.

use std::time::Duration;

use axum::{
    body::HttpBody,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::http::{Problem, json};

/// The largest body, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive once its head is here.
const ARRIVAL: Duration = Duration::from_secs(20);

/// A JSON body, or why there is none.
///
/// The refusal is held back, because "not allowed" comes before "not acceptable": a handler asks whether the caller
/// may do this at all before it passes a bad body on.
#[derive(Debug)]
pub struct Body<T>(pub Result<T, Problem>);

/// A JSON body that may be left out altogether, or why it is refused.
#[derive(Debug)]
pub struct OptionalBody<T>(pub Result<Option<T>, Problem>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(match read(request).await {
            Ok(Some(text)) => json::parse(&text),
            Ok(None) => Err(Problem::body("body", "is required")),
            Err(problem) => Err(problem),
        }))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalBody<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(match read(request).await {
            Ok(Some(text)) => json::parse(&text).map(Some),
            Ok(None) => Ok(None),
            Err(problem) => Err(problem),
        }))
    }
}

/// The body, or `None` where nothing was sent.
async fn read(request: Request) -> Result<Option<Bytes>, Problem> {
    let (head, body) = request.into_parts();
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 1 MiB",
        )
    };
    let media = media_type(&head.headers);
    let declared = HttpBody::size_hint(&body).lower();
    if declared > MAX_BODY as u64 {
        return Err(media.err().unwrap_or_else(too_large));
    }
    if declared > 0 {
        media.clone()?;
    }
    let collected = timeout(ARRIVAL, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            )
        })?;
    let text = match collected {
        Ok(whole) => whole.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
        Err(_) => return Err(Problem::body("body", "did not arrive whole")),
    };
    if text.is_empty() {
        return Ok(None);
    }
    media.map(|()| Some(text))
}

/// Accepts `application/json` without an encoding.
fn media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let unsupported = || {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be application/json",
        )
    };
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(given), None) = (types.next(), types.next()) else {
        return Err(unsupported());
    };
    let essence = given
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let encoded = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded || !essence.eq_ignore_ascii_case("application/json") {
        return Err(unsupported());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body as Sent;
    use serde_json::Value;

    use super::*;

    fn post(media: Option<&str>, body: impl Into<Sent>) -> Request {
        let mut request = Request::post("/").body(body.into()).unwrap();
        if let Some(media) = media {
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, media.parse().unwrap());
        }
        request
    }

    async fn status(request: Request) -> u16 {
        let Ok(Body(read)) = Body::<Value>::from_request(request, &()).await;
        read.map_or_else(|problem| problem.status().as_u16(), |_| 200)
    }

    async fn optional(request: Request) -> Result<Option<Value>, u16> {
        let Ok(OptionalBody(read)) = OptionalBody::from_request(request, &()).await;
        read.map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn attack_159_only_json_is_read() {
        for (media, expected) in [
            (Some("application/json"), 200),
            (Some("Application/JSON; charset=utf-8"), 200),
            (Some("text/plain"), 415),
            (Some("application/x-www-form-urlencoded"), 415),
            (Some("application/json-patch+json"), 415),
            (None, 415),
        ] {
            assert_eq!(status(post(media, "{}")).await, expected, "{media:?}");
        }
        let mut zipped = post(Some("application/json"), "{}");
        zipped
            .headers_mut()
            .insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(status(zipped).await, 415);
    }

    #[tokio::test]
    async fn attack_133_no_more_than_the_limit_is_read() {
        let json = Some("application/json");
        let fits = format!("{{\"a\":\"{}\"}}", "a".repeat(MAX_BODY - 8));
        assert_eq!(status(post(json, fits)).await, 200);
        assert_eq!(status(post(json, vec![b' '; MAX_BODY + 1])).await, 413);
        let endless = futures::stream::repeat_with(|| {
            Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096]))
        });
        assert_eq!(status(post(json, Sent::from_stream(endless))).await, 413);
    }

    #[tokio::test(start_paused = true)]
    async fn attack_137_a_body_that_does_not_come_is_not_awaited() {
        let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(
            status(post(Some("application/json"), Sent::from_stream(never))).await,
            408
        );
    }

    #[tokio::test]
    async fn nothing_at_all_needs_no_media_type() {
        assert_eq!(status(post(None, "")).await, 422);
        assert_eq!(optional(post(None, "")).await, Ok(None));
        assert_eq!(optional(post(None, "{}")).await, Err(415));
        assert_eq!(
            optional(post(Some("application/json"), "{")).await,
            Err(422)
        );
        assert_eq!(
            optional(post(Some("application/json"), "7")).await,
            Err(422)
        );
    }
}
