//! The one match from the domain's refusals to answers.

use axum::http::StatusCode;
use tracing::{error, warn};

use kubenova_core::{
    Error, Kind,
    error::{Conflict, FieldError},
};

use super::Problem;

/// The status of each kind. Closed on both sides: a new kind must choose.
const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::BadParameter => StatusCode::BAD_REQUEST,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Away => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(err: Error) -> Self {
        let status = status(err.kind());
        match err {
            Error::BadParameter(fields) | Error::Invalid(fields) => fields
                .into_iter()
                .fold(Self::new(status, "the request is not acceptable"), with),
            Error::Conflict(Conflict::Ambiguous(uids)) => {
                let message = Conflict::Ambiguous(Vec::new()).to_string();
                let problem = Self::new(status, message);
                uids.iter().fold(problem, |problem, uid| {
                    problem.detail("uid", uid.to_string())
                })
            }
            Error::Conflict(conflict) => Self::new(status, conflict.to_string()),
            Error::NotFound(_) | Error::Forbidden | Error::Stale => {
                Self::new(status, err.to_string())
            }
            Error::Away {
                source,
                retry_after,
            } => {
                warn!(error = %chain(source.as_ref()), "A dependency is away");
                Self::away(retry_after)
            }
            Error::Internal(source) => {
                error!(error = %chain(source.as_ref()), "Internal error");
                Self::internal()
            }
        }
    }
}

fn with(problem: Problem, FieldError { field, reason }: FieldError) -> Problem {
    problem.detail(field, reason)
}

/// An error and its sources in one line, for logs only.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use kubenova_core::error::Noun;

    use super::*;

    #[test]
    fn every_kind_has_its_status_and_sources_stay_inside() {
        let canary = || -> Box<dyn std::error::Error + Send + Sync> { "canary".into() };
        for (err, code) in [
            (Error::BadParameter(Vec::new()), "KN-400"),
            (Error::Forbidden, "KN-403"),
            (Error::NotFound(Noun::Tenant), "KN-404"),
            (Error::Conflict(Conflict::HasTenants), "KN-409"),
            (Error::Stale, "KN-412"),
            (Error::invalid("name", "is reserved"), "KN-422"),
            (Error::away(canary()), "KN-503"),
            (Error::Internal(canary()), "KN-500"),
        ] {
            let problem = Problem::from(err);
            assert_eq!(problem.code(), code);
            assert!(!format!("{problem:?}").contains("canary"));
        }
    }

    #[test]
    fn an_ambiguous_name_lists_its_uids() {
        let uids = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
        let problem = Problem::from(Error::from(Conflict::Ambiguous(uids.clone())));
        let told: Vec<_> = problem.details().iter().map(|d| d.reason.clone()).collect();
        assert_eq!(told, uids.iter().map(Uuid::to_string).collect::<Vec<_>>());
    }
}
