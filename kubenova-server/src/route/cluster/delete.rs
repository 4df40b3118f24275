//! `DELETE /clusters/{c}`: lets a cluster go.

use axum::{extract::State, response::Response};

use kubenova_core::value::Ref;

use crate::http::{
    App, Problem, Refusals, answer,
    extract::{Caller, ClusterPath, WriteOptions},
};

/// 409 while it has tenants, unless `orphan=true` leaves them to themselves.
#[utoipa::path(delete, path = "/api/v1/clusters/{c}", operation_id = "deleteCluster", tag = "clusters",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("orphan" = Option<bool>, Query, description = "Releases what is there instead of demanding that nothing is"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    responses((status = 204, description = "On its way out"), Refusals))]
pub(crate) async fn delete_cluster(
    State(app): State<App>,
    caller: Caller,
    ClusterPath(at): ClusterPath,
    opts: WriteOptions,
) -> Result<Response, Problem> {
    let orphan = opts.query.flag("orphan")?;
    let cluster = app
        .clusters
        .delete(&caller.actor, &at, orphan, opts.based_on)
        .await?;
    let at = Ref::Id(cluster.id.uuid());
    app.hold_gone(opts.wait, || app.clusters.get(&caller.actor, &at))
        .await;
    Ok(answer::gone(opts.wait))
}
