//! `DELETE /grants/{id}`: the end of a kubeconfig.

use axum::extract::State;

use kubenova_core::value::GrantId;

use crate::{
    dto::grant::Grant,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, IdPath, WriteOptions},
    },
};

/// The binding is cut first, then the account's Secret; the answer says what was seen dead so far.
#[utoipa::path(delete, path = "/api/v1/grants/{id}", operation_id = "revokeGrant", tag = "kubeconfigs",
    params(("id" = uuid::Uuid, Path, description = "Id of the grant")),
    responses((status = 200, description = "The record", body = Grant), Refusals))]
pub(crate) async fn revoke_grant(
    State(app): State<App>,
    caller: Caller,
    IdPath(id): IdPath,
    _: WriteOptions,
) -> Result<Answer<Grant>, Problem> {
    let grant = app.grants.revoke(&caller.actor, GrantId::new(id)).await?;
    Ok(Answer::ok(Grant::of(&grant, app.clock.now())))
}
