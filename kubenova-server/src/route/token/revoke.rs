//! `DELETE /tokens/{id}`: the end of a token.

use axum::{extract::State, response::Response};

use kubenova_core::value::TokenId;

use crate::http::{
    App, Problem, Refusals, answer,
    extract::{Caller, IdPath, WriteOptions},
};

/// Every replica refuses it within a second. Again is fine.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revokeToken", tag = "tokens",
    params(("id" = uuid::Uuid, Path, description = "Id of the token")),
    responses((status = 204, description = "Revoked"), Refusals))]
pub(crate) async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    IdPath(id): IdPath,
    _: WriteOptions,
) -> Result<Response, Problem> {
    let id = TokenId::new(id);
    app.tokens.revoke(&caller.actor, id).await?;
    app.registry.forget(id);
    Ok(answer::gone(None))
}
