//! `GET /clusters/{c}`: one cluster with its conditions.

use axum::extract::State;

use crate::{
    dto::cluster::Cluster,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ClusterPath},
    },
};

/// People of a tenant see no messages of conditions.
#[utoipa::path(get, path = "/api/v1/clusters/{c}", operation_id = "getCluster", tag = "clusters",
    params(("c" = String, Path, description = "Uid or name of the cluster")),
    responses((status = 200, description = "The cluster", body = Cluster), Refusals))]
pub(crate) async fn get_cluster(
    State(app): State<App>,
    caller: Caller,
    ClusterPath(at): ClusterPath,
) -> Result<Answer<Cluster>, Problem> {
    let cluster = app.clusters.get(&caller.actor, &at).await?;
    Ok(Answer::ok(Cluster::from(&cluster)).version(cluster.generation))
}
