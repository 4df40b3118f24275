//! `GET /grants`: records of kubeconfigs that the caller may see.

use axum::extract::State;

use kubenova_core::{
    domain::credential::CredentialState,
    ports::store::GrantFilter,
    value::{ProjectId, Subject, TenantId},
};

use crate::{
    dto::grant::Grant,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ListQuery},
    },
};

const FILTERS: [&str; 4] = ["tenant", "project", "subject", "state"];

/// Ordered by creation.
#[utoipa::path(get, path = "/api/v1/grants", operation_id = "listGrants", tag = "kubeconfigs",
    params(("limit" = Option<u16>, Query, description = "1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "From X-Next-Cursor"),
        ("tenant" = Option<uuid::Uuid>, Query, description = "Only of this tenant"),
        ("project" = Option<uuid::Uuid>, Query, description = "Only for this project alone"),
        ("subject" = Option<String>, Query, description = "Only issued for this subject"),
        ("state" = Option<String>, Query, description = "`active`, `revoked` or `expired`")),
    responses((status = 200, description = "One page", body = [Grant]), Refusals))]
pub(crate) async fn list_grants(
    State(app): State<App>,
    caller: Caller,
    list: ListQuery,
) -> Result<Answer<Vec<Grant>>, Problem> {
    let now = app.clock.now();
    let query = &list.query;
    let state = query.parsed(
        "state",
        "must be active, revoked or expired",
        CredentialState::parse,
    )?;
    let filter = GrantFilter {
        tenant: query.parsed("tenant", "is not a uid", |text| {
            text.parse::<TenantId>().ok()
        })?,
        project: query.parsed("project", "is not a uid", |text| {
            text.parse::<ProjectId>().ok()
        })?,
        subject: query.parsed("subject", "is not a subject", |text| {
            Subject::parse(text).ok()
        })?,
        state: state.map(|state| (state, now)),
    };
    let page = list.page(&app, &caller.actor, &FILTERS)?;
    let found = app.grants.list(&caller.actor, filter, page).await?;
    let next = list.cursor(&app, &caller.actor, &FILTERS, found.next.as_ref())?;
    let items = found
        .items
        .iter()
        .map(|grant| Grant::of(grant, now))
        .collect();
    Ok(Answer::ok(items).next(next))
}
