//! `GET /me`: who the caller is to us.

use axum::Json;

use crate::{
    dto::system::Me,
    http::{Refusals, extract::Caller},
};

/// The real subject and rights of the token.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "getMe", tag = "system",
    responses((status = 200, description = "The caller", body = Me), Refusals))]
pub(crate) async fn get_me(caller: Caller) -> Json<Me> {
    Json(Me::from(&caller.actor))
}
