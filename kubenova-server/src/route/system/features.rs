//! `GET /features`: what this build really offers.

use axum::Json;

use crate::dto::system::Features;

/// Delivery of apps does not exist yet, and says so.
#[utoipa::path(get, path = "/api/v1/features", operation_id = "getFeatures", tag = "system", security(()),
    responses((status = 200, description = "What is offered", body = Features)))]
pub(crate) async fn get_features() -> Json<Features> {
    Json(Features {
        tenancy: true,
        proxy: true,
        app_delivery: false,
        vela: false,
    })
}
