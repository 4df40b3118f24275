//! `POST /clusters/{c}/tenants`: a new tenant; its Capsule Tenant follows.

use axum::extract::State;

use kubenova_core::access::{Action, guard};

use super::exactly;
use crate::{
    dto::tenant::{NewTenant, Tenant},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, ClusterPath, WriteOptions},
    },
    route::acceptable,
};

/// Durable at once; `Prefer: wait` holds until the cluster has it.
#[utoipa::path(post, path = "/api/v1/clusters/{c}/tenants", operation_id = "createTenant", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = NewTenant, responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn create_tenant(
    State(app): State<App>,
    caller: Caller,
    ClusterPath(cluster): ClusterPath,
    opts: WriteOptions,
    Body(body): Body<NewTenant>,
) -> Result<Answer<Tenant>, Problem> {
    let actor = &caller.actor;
    let may = async {
        let found = app.clusters.get(actor, &cluster).await?;
        guard::require(actor, Action::CreateTenant, Some(found)).map(drop)
    };
    let cmd = acceptable(body.and_then(|body| body.below(cluster.clone())), may).await?;
    let tenant = app.tenants.create(actor, cmd).await?;
    let at = exactly(&tenant);
    let tenant = app
        .hold(opts.wait, tenant, || app.tenants.get(actor, &at))
        .await;
    Ok(Answer::ok(Tenant::from(&tenant))
        .version(tenant.generation)
        .waited(opts.wait))
}
