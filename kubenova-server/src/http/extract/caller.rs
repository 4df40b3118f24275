//! The caller: from the `Authorization` header, or 401.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use kubenova_core::access::{Actor, RequestId};

use crate::{
    auth::NoCaller,
    http::{
        App, Problem,
        rim::{Known, Who},
    },
};

/// Whoever showed a token that is believed. The only source of an [`Actor`] in a handler.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What use cases want to know of him.
    pub actor: Actor,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let request = parts
            .extensions
            .get::<RequestId>()
            .ok_or_else(Problem::internal)?
            .clone();
        let actor = app
            .registry
            .caller(token, request)
            .await
            .map_err(|no| match no {
                NoCaller::Refused => Problem::unauthenticated(),
                NoCaller::Away(store) => kubenova_core::Error::from(store).into(),
            })?;
        if let Some(who) = parts.extensions.get::<Who>() {
            who.is(Known {
                subject: actor.subject.clone(),
                token: actor.token,
                tenant: actor.scope.as_ref().map(|scope| scope.tenant),
            });
        }
        Ok(Self { actor })
    }
}

/// The token of exactly one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_is_read_and_nothing_else() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            headers
        };
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer  abc "])), Some("abc"));
        for bad in [
            &[][..],
            &["abc"],
            &["Basic abc"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(bearer(&headers(bad)), None, "{bad:?}");
        }
    }
}
