//! `POST /clusters`: parses, reaches and checks a cluster, then stores it.

use axum::extract::State;

use kubenova_core::{
    access::{Action, guard},
    domain::service::RegisterCluster,
    value::Ref,
};

use crate::{
    dto::cluster::{Cluster, Registration},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, WriteOptions},
    },
    route::acceptable,
};

/// The kubeconfig is parsed by an allow-list, rebuilt and stored sealed.
#[utoipa::path(post, path = "/api/v1/clusters", operation_id = "registerCluster", tag = "clusters",
    params(("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")), request_body = Registration,
    responses((status = 200, description = "The cluster", body = Cluster), Refusals))]
pub(crate) async fn register_cluster(
    State(app): State<App>,
    caller: Caller,
    opts: WriteOptions,
    Body(body): Body<Registration>,
) -> Result<Answer<Cluster>, Problem> {
    let read = body.and_then(RegisterCluster::try_from);
    let may = async { guard::require_system(&caller.actor, Action::CreateCluster) };
    let cmd = acceptable(read, may).await?;
    let cluster = app.clusters.register(&caller.actor, cmd).await?;
    let at = Ref::Id(cluster.id.uuid());
    let cluster = app
        .hold(opts.wait, cluster, || app.clusters.get(&caller.actor, &at))
        .await;
    let version = cluster.generation;
    Ok(Answer::ok(Cluster::from(&cluster))
        .version(version)
        .waited(opts.wait))
}
