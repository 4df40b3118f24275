//! Routes by resource, one endpoint a file: extractors, one use case, one body.

pub(crate) mod cluster;
pub(crate) mod grant;
pub(crate) mod project;
pub(crate) mod system;
pub(crate) mod tenant;
pub(crate) mod token;

use kubenova_core::Error;

use crate::http::Problem;

pub(crate) use system::readiness;

/// Passes a body on, or its refusal; but "not found" and "not allowed" come first, so they are asked for when it is bad.
async fn acceptable<T>(
    read: Result<T, Problem>,
    may: impl Future<Output = Result<(), Error>>,
) -> Result<T, Problem> {
    match read {
        Ok(body) => Ok(body),
        Err(problem) => {
            may.await?;
            Err(problem)
        }
    }
}
