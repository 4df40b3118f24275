//! `GET /clusters/{c}/capabilities`: what discovery finds now.

use axum::extract::State;

use crate::{
    dto::cluster::Capabilities,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ClusterPath},
    },
};

/// Asks the cluster; 503 when it is away.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/capabilities", operation_id = "getClusterCapabilities", tag = "clusters",
    params(("c" = String, Path, description = "Uid or name of the cluster")),
    responses((status = 200, description = "What is there", body = Capabilities), Refusals))]
pub(crate) async fn get_capabilities(
    State(app): State<App>,
    caller: Caller,
    ClusterPath(at): ClusterPath,
) -> Result<Answer<Capabilities>, Problem> {
    let found = app.clusters.capabilities(&caller.actor, &at).await?;
    Ok(Answer::ok(found.into()))
}
