//! `DELETE /clusters/{c}/tenants/{t}`: the end of a tenant.

use axum::{extract::State, response::Response};

use super::exactly;
use crate::http::{
    App, Problem, Refusals, answer,
    extract::{Caller, TenantPath, WriteOptions},
};

/// 409 while it has projects, unless `cascade=true` takes them along.
#[utoipa::path(delete, path = "/api/v1/clusters/{c}/tenants/{t}", operation_id = "deleteTenant", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("cascade" = Option<bool>, Query, description = "Deletes its projects too"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    responses((status = 204, description = "On its way out"), Refusals))]
pub(crate) async fn delete_tenant(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    opts: WriteOptions,
) -> Result<Response, Problem> {
    let cascade = opts.query.flag("cascade")?;
    let tenant = app
        .tenants
        .delete(&caller.actor, &at, cascade, opts.based_on)
        .await?;
    let at = exactly(&tenant);
    app.hold_gone(opts.wait, || app.tenants.get(&caller.actor, &at))
        .await;
    Ok(answer::gone(opts.wait))
}
