//! `GET /tokens`: records of tokens, never the tokens.

use axum::extract::State;

use crate::{
    dto::token::Token,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ListQuery},
    },
};

/// All of them, or those of the caller's tenant; ordered by creation.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "listTokens", tag = "tokens",
    params(("limit" = Option<u16>, Query, description = "1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "From X-Next-Cursor")),
    responses((status = 200, description = "One page", body = [Token]), Refusals))]
pub(crate) async fn list_tokens(
    State(app): State<App>,
    caller: Caller,
    list: ListQuery,
) -> Result<Answer<Vec<Token>>, Problem> {
    let page = list.page(&app, &caller.actor, &[])?;
    let found = app.tokens.list(&caller.actor, page).await?;
    let next = list.cursor(&app, &caller.actor, &[], found.next.as_ref())?;
    let now = app.clock.now();
    let items = found
        .items
        .iter()
        .map(|token| Token::of(token, now))
        .collect();
    Ok(Answer::ok(items).next(next))
}
