//! `POST /clusters/{c}/bootstrap/{component}`: verifies a platform part, asynchronously.

use axum::{extract::State, http::StatusCode};

use kubenova_core::{
    access::{Action, guard},
    domain::cluster::Part,
    value::Ref,
};

use crate::{
    dto::{cluster::Cluster, common::Nothing},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, OptionalBody, PartPath, WriteOptions},
    },
    route::acceptable,
};

/// Progress shows in the conditions `TenancyReady` and `ProxyReady`.
#[utoipa::path(post, path = "/api/v1/clusters/{c}/bootstrap/{component}", operation_id = "bootstrapCluster",
    tag = "clusters",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("component" = String, Path, description = "`tenancy` or `proxy`"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    responses((status = 202, description = "Being verified", body = Cluster), Refusals))]
pub(crate) async fn bootstrap_cluster(
    State(app): State<App>,
    caller: Caller,
    PartPath { cluster: at, part }: PartPath,
    opts: WriteOptions,
    OptionalBody(body): OptionalBody<Nothing>,
) -> Result<Answer<Cluster>, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "no such component");
    let part = Part::parse(&part).ok_or_else(unknown)?;
    let may = async {
        let found = app.clusters.get(&caller.actor, &at).await?;
        guard::require(&caller.actor, Action::BootstrapCluster, Some(found)).map(drop)
    };
    acceptable(body, may).await?;
    let cluster = app.clusters.bootstrap(&caller.actor, &at, part).await?;
    let at = Ref::Id(cluster.id.uuid());
    let cluster = app
        .hold(opts.wait, cluster, || app.clusters.get(&caller.actor, &at))
        .await;
    let version = cluster.generation;
    Ok(Answer::accepted(Cluster::from(&cluster))
        .version(version)
        .waited(opts.wait))
}
