//! `PUT /clusters/{c}/tenants/{t}/owners`: replaces the owners of a tenant.

use axum::extract::State;

use kubenova_core::access::{Action, guard};

use super::exactly;
use crate::{
    dto::tenant::{Owners, Tenant},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, TenantPath, WriteOptions},
    },
    route::acceptable,
};

/// Who is taken out loses his tokens and kubeconfigs for the tenant in the same commit.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/owners", operation_id = "setTenantOwners", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = Owners, responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn put_owners(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    opts: WriteOptions,
    Body(body): Body<Owners>,
) -> Result<Answer<Tenant>, Problem> {
    let actor = &caller.actor;
    let may = async {
        let found = app.tenants.get(actor, &at).await?;
        guard::require(actor, Action::SetOwners, Some(found)).map(drop)
    };
    let owners = acceptable(body.and_then(TryInto::try_into), may).await?;
    let tenant = app
        .tenants
        .set_owners(actor, &at, owners, opts.based_on)
        .await?;
    let at = exactly(&tenant);
    let tenant = app
        .hold(opts.wait, tenant, || app.tenants.get(actor, &at))
        .await;
    Ok(Answer::ok(Tenant::from(&tenant))
        .version(tenant.generation)
        .waited(opts.wait))
}
