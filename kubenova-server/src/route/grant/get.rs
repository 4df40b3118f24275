//! `GET /grants/{id}`: the record of a kubeconfig.

use axum::extract::State;

use kubenova_core::value::GrantId;

use crate::{
    dto::grant::Grant,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, IdPath},
    },
};

/// Never the kubeconfig itself: that is told once.
#[utoipa::path(get, path = "/api/v1/grants/{id}", operation_id = "getGrant", tag = "kubeconfigs",
    params(("id" = uuid::Uuid, Path, description = "Id of the grant")),
    responses((status = 200, description = "The record", body = Grant), Refusals))]
pub(crate) async fn get_grant(
    State(app): State<App>,
    caller: Caller,
    IdPath(id): IdPath,
) -> Result<Answer<Grant>, Problem> {
    let grant = app.grants.get(&caller.actor, GrantId::new(id)).await?;
    Ok(Answer::ok(Grant::of(&grant, app.clock.now())))
}
