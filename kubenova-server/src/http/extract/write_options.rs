//! What a write may ask for beside its body: `If-Match`, `Prefer: wait`.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};

use kubenova_core::{domain::service::BasedOn, value::Generation};

use super::Query;
use crate::http::Problem;

/// The longest wait; whoever asks for more gets this.
const LONGEST_WAIT: u64 = 60;

static PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a write may ask for beside its body.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// The version the caller based his change on.
    pub based_on: BasedOn,
    /// How long the answer may be held until the clusters followed.
    pub wait: Option<Duration>,
    /// All parameters.
    pub query: Query,
}

impl<S: Send + Sync> FromRequestParts<S> for WriteOptions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await?;
        // To store what somebody only wanted to try would be the worst answer.
        if query.one("dryRun")?.is_some() {
            return Err(Problem::parameter(
                "dryRun",
                "is not offered by this version",
            ));
        }
        let (based_on, wait) = (if_match(&parts.headers)?, prefer_wait(&parts.headers));
        Ok(Self {
            based_on,
            wait,
            query,
        })
    }
}

/// Reads `If-Match`: nothing and `*` name no version; a tag that is none of ours names one that never is.
fn if_match(headers: &HeaderMap) -> Result<BasedOn, Problem> {
    let mut given = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = given.next() else {
        return Ok(None);
    };
    let several = || Problem::parameter("If-Match", "must name one version");
    let text = value.to_str().map_err(|_| several())?.trim();
    if given.next().is_some() || text.contains(',') {
        return Err(several());
    }
    if text == "*" {
        return Ok(None);
    }
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let version = version.and_then(|digits| digits.parse().ok());
    Ok(Some(version.map_or(Generation::NONE, Generation::new)))
}

/// Reads `wait=N` of RFC 7240; 0 or malformed is as if absent.
fn prefer_wait(headers: &HeaderMap) -> Option<Duration> {
    let given = headers
        .get_all(&PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let preferences = given.flat_map(|value| value.split([',', ';']));
    let wait = preferences
        .filter_map(|one| one.split_once('='))
        .find_map(|(name, value)| {
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then(|| value.trim().trim_matches('"'))
        })?;
    let digits = !wait.is_empty() && wait.bytes().all(|b| b.is_ascii_digit());
    // More digits than a number holds is still more than the longest.
    let seconds = if digits {
        wait.parse().unwrap_or(LONGEST_WAIT)
    } else {
        0
    };
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn if_match_names_a_version_or_none() {
        let read = |values: &[&str]| if_match(&headers(&header::IF_MATCH, values));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["*"]), Ok(None));
        assert_eq!(read(&["\"7\""]), Ok(Some(Generation::new(7))));
        for never in ["7", "W/\"7\"", "\"x\"", "\"\"", "\"-1\""] {
            assert_eq!(read(&[never]), Ok(Some(Generation::NONE)), "{never}");
        }
        assert!(read(&["\"1\", \"2\""]).is_err());
        assert!(read(&["\"1\"", "\"2\""]).is_err());
    }

    #[test]
    fn a_wait_is_bounded_and_nonsense_is_absent() {
        let read =
            |value: &str| prefer_wait(&headers(&PREFER, &[value])).map(|wait| wait.as_secs());
        assert_eq!(read("wait=5"), Some(5));
        assert_eq!(read("respond-async, Wait = 7"), Some(7));
        assert_eq!(read("wait=\"9\""), Some(9));
        assert_eq!(read("wait=61"), Some(60));
        assert_eq!(read("wait=99999999999999999999999"), Some(60));
        for absent in [
            "wait=0",
            "wait=-1",
            "wait=1.5",
            "wait=",
            "wait",
            "waiting=5",
            "",
        ] {
            assert_eq!(read(absent), None, "{absent}");
        }
    }
}
