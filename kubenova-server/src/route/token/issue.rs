//! `POST /tokens`: a token with rights not above the caller's.

use axum::extract::State;

use kubenova_core::{
    access::{Action, guard},
    domain::service::IssueToken,
};

use crate::{
    dto::token::{TokenRequest, TokenResponse, told},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, WriteOptions},
    },
    route::acceptable,
};

/// Records a token and tells it, once.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "issueToken", tag = "tokens",
    request_body = TokenRequest, responses((status = 200, description = "The token", body = TokenResponse), Refusals))]
pub(crate) async fn issue_token(
    State(app): State<App>,
    caller: Caller,
    _: WriteOptions,
    Body(body): Body<TokenRequest>,
) -> Result<Answer<TokenResponse>, Problem> {
    let read = body.and_then(IssueToken::try_from);
    let may = async { guard::require_system(&caller.actor, Action::IssueToken) };
    let cmd = acceptable(read, may).await?;
    let token = app.tokens.issue(&caller.actor, cmd).await?;
    let signed = app
        .signer
        .sign(&token)
        .map_err(|e| kubenova_core::Error::Internal(Box::new(e)))?;
    let text = signed
        .expose_str()
        .ok_or_else(Problem::internal)?
        .to_owned();
    let (expires_at, id) = (told(token.expires_at), token.id.uuid());
    Ok(Answer::ok(TokenResponse {
        token: text,
        expires_at,
        id,
    }))
}
