//! The second listener's routes: metrics and probes, for machines inside the cluster.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::Exporter;

/// Answers `GET /readyz`: 200, or 503 with one entry a check.
pub type Readiness = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// `/metrics`, `/healthz` and `/readyz`; everything else is 404.
pub fn router(exporter: Exporter, readiness: Readiness) -> Router {
    Router::new()
        .route("/metrics", get(move || render(exporter.clone())))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(move || readiness()))
        .fallback(|| async { StatusCode::NOT_FOUND })
}

async fn render(exporter: Exporter) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        exporter.render(),
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn only_metrics_and_probes_are_served() {
        let away: Readiness =
            Arc::new(|| Box::pin(async { StatusCode::SERVICE_UNAVAILABLE.into_response() }));
        let router = router(Exporter::detached().unwrap(), away);
        for (path, status) in [
            ("/metrics", 200),
            ("/healthz", 200),
            ("/readyz", 503),
            ("/api/v1/me", 404),
        ] {
            let request = http::Request::get(path).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{path}");
        }
    }
}
