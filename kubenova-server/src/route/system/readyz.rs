//! `GET /readyz`: whether requests can be served, check by check.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;

use crate::{
    dto::system::{Check, Readiness},
    http::App,
};

/// Longer than this nobody waits for a probe.
const PATIENCE: Duration = Duration::from_secs(2);

/// A cluster that is away never makes the server unready.
#[utoipa::path(get, path = "/api/v1/readyz", operation_id = "getReadiness", tag = "system", security(()),
    responses((status = 200, description = "Ready", body = Readiness), (status = 503, description = "Not ready", body = Readiness)))]
pub(crate) async fn get_readiness(State(app): State<App>) -> Response {
    readiness(&app).await
}

/// The answer, for both listeners.
pub(crate) async fn readiness(app: &App) -> Response {
    let health = timeout(PATIENCE, app.store.health()).await;
    let (database, migrations) = match health {
        Ok(Ok(found)) if found.migration == found.expected => ("", ""),
        Ok(Ok(_)) => ("", "the schema has another version than this build expects"),
        Ok(Err(_)) | Err(_) => ("does not answer", "unknown while the database is away"),
    };
    let check = |name, message: &'static str| Check {
        name,
        ok: message.is_empty(),
        message,
    };
    let checks = vec![
        check("database", database),
        check("migrations", migrations),
        // Without a usable key the process does not start.
        check("signingKey", ""),
    ];
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, checks })).into_response()
}
