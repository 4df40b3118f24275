//! `GET /clusters/{c}/tenants`: that cluster's only.

use axum::extract::State;

use kubenova_core::value::Subject;

use crate::{
    dto::tenant::Tenant,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ClusterPath, ListQuery},
    },
};

const FILTERS: [&str; 2] = ["labelSelector", "owner"];

/// Ordered by name.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants", operation_id = "listTenants", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"), ("limit" = Option<u16>, Query, description = "1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "From X-Next-Cursor"),
        ("labelSelector" = Option<String>, Query, description = "As in Kubernetes"),
        ("owner" = Option<String>, Query, description = "Exactly this owner")),
    responses((status = 200, description = "One page", body = [Tenant]), Refusals))]
pub(crate) async fn list_tenants(
    State(app): State<App>,
    caller: Caller,
    ClusterPath(cluster): ClusterPath,
    list: ListQuery,
) -> Result<Answer<Vec<Tenant>>, Problem> {
    let owner = list.query.parsed("owner", "is not a subject", |text| {
        Subject::parse(text).ok()
    })?;
    let (selector, page) = (list.selector()?, list.page(&app, &caller.actor, &FILTERS)?);
    let found = app
        .tenants
        .list(&caller.actor, &cluster, (owner, selector), page)
        .await?;
    let next = list.cursor(&app, &caller.actor, &FILTERS, found.next.as_ref())?;
    Ok(Answer::ok(found.items.iter().map(Tenant::from).collect()).next(next))
}
