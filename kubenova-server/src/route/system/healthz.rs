//! `GET /healthz`: the process answers.

/// Answers `ok`, whatever else is away.
#[utoipa::path(get, path = "/api/v1/healthz", operation_id = "getHealth", tag = "system", security(()),
    responses((status = 200, description = "The process answers", body = String, content_type = "text/plain")))]
pub(crate) async fn get_health() -> &'static str {
    "ok"
}
