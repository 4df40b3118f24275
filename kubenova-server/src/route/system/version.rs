//! `GET /version`: what is running.

use axum::Json;

use crate::dto::system::Version;

/// Set by whoever builds a release; the same source gives the same binary without them.
#[utoipa::path(get, path = "/api/v1/version", operation_id = "getVersion", tag = "system", security(()),
    responses((status = 200, description = "What is running", body = Version)))]
pub(crate) async fn get_version() -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("KUBENOVA_COMMIT").unwrap_or("unknown"),
        build_date: option_env!("KUBENOVA_BUILD_DATE").unwrap_or("unknown"),
    })
}
