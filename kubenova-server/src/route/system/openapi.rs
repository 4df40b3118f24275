//! `GET /openapi.json`: the document of this API.

use std::sync::LazyLock;

use axum::{http::header, response::IntoResponse};

use crate::http::router;

static DOCUMENT: LazyLock<String> = LazyLock::new(router::document);

/// The same document as the subcommand `openapi` prints.
pub(crate) async fn get_openapi() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
}
