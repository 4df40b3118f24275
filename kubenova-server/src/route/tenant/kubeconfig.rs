//! `POST /tenants/{t}/kubeconfig`: a kubeconfig for a tenant, or for one project of it.

use axum::extract::State;

use kubenova_core::access::{Action, guard};

use crate::{
    dto::grant::{Kubeconfig, KubeconfigRequest},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, OptionalBody, TenantPath, WriteOptions},
    },
    route::acceptable,
};

/// The role asked is never above the caller's own.
#[utoipa::path(post, path = "/api/v1/tenants/{t}/kubeconfig", operation_id = "issueTenantKubeconfig", tag = "kubeconfigs",
    params(("t" = String, Path, description = "Uid or name of the tenant")),
    request_body = Option<KubeconfigRequest>,
    responses((status = 200, description = "The kubeconfig", body = Kubeconfig), Refusals))]
pub(crate) async fn issue_tenant_kubeconfig(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    _: WriteOptions,
    OptionalBody(body): OptionalBody<KubeconfigRequest>,
) -> Result<Answer<Kubeconfig>, Problem> {
    let actor = &caller.actor;
    let may = async {
        let found = app.tenants.get(actor, &at).await?;
        guard::require(actor, Action::IssueGrant, Some(found)).map(drop)
    };
    let read = body.and_then(|body| body.unwrap_or_default().of(at.clone()));
    let cmd = acceptable(read, may).await?;
    let issued = app.grants.issue(actor, cmd).await?;
    Ok(Answer::ok(Kubeconfig::from(&issued)))
}
