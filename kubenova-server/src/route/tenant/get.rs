//! `GET /clusters/{c}/tenants/{t}`: one tenant.

use axum::extract::State;

use crate::{
    dto::tenant::Tenant,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, TenantPath},
    },
};

/// With its status.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants/{t}", operation_id = "getTenant", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant")),
    responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn get_tenant(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
) -> Result<Answer<Tenant>, Problem> {
    let tenant = app.tenants.get(&caller.actor, &at).await?;
    Ok(Answer::ok(Tenant::from(&tenant)).version(tenant.generation))
}
