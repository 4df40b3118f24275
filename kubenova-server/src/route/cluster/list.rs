//! `GET /clusters`: those the caller may see.

use axum::extract::State;

use crate::{
    dto::cluster::Cluster,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ListQuery},
    },
};

const FILTERS: [&str; 1] = ["labelSelector"];

/// Ordered by name.
#[utoipa::path(get, path = "/api/v1/clusters", operation_id = "listClusters", tag = "clusters",
    params(("limit" = Option<u16>, Query, description = "1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "From X-Next-Cursor"),
        ("labelSelector" = Option<String>, Query, description = "As in Kubernetes")),
    responses((status = 200, description = "One page", body = [Cluster]), Refusals))]
pub(crate) async fn list_clusters(
    State(app): State<App>,
    caller: Caller,
    list: ListQuery,
) -> Result<Answer<Vec<Cluster>>, Problem> {
    let (selector, page) = (list.selector()?, list.page(&app, &caller.actor, &FILTERS)?);
    let found = app.clusters.list(&caller.actor, selector, page).await?;
    let next = list.cursor(&app, &caller.actor, &FILTERS, found.next.as_ref())?;
    Ok(Answer::ok(found.items.iter().map(Cluster::from).collect()).next(next))
}
