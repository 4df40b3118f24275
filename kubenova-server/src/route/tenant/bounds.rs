//! `PUT /clusters/{c}/tenants/{t}/quotas`, `…/limits`, `…/network-policies`: each replaces its own part.

use axum::extract::State;

use kubenova_core::{
    access::{Action, guard},
    domain::{bounds::Bound, tenant::TenantAt},
};

use super::exactly;
use crate::{
    dto::{
        bounds::{NetworkPolicies, NewLimits, NewQuotas},
        tenant::Tenant,
    },
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, TenantPath, WriteOptions},
    },
    route::acceptable,
};

/// Amounts over all namespaces of the tenant. Below what is used already nothing more is admitted, and nothing evicted.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/quotas", operation_id = "setTenantQuotas", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = NewQuotas, responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn put_quotas(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    opts: WriteOptions,
    Body(body): Body<NewQuotas>,
) -> Result<Answer<Tenant>, Problem> {
    let part = body.and_then(TryInto::try_into);
    replace(&app, &caller, &at, &opts, (Action::SetQuotas, part)).await
}

/// The most that one container may be given, in every namespace of the tenant.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/limits", operation_id = "setTenantLimits", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = NewLimits, responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn put_limits(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    opts: WriteOptions,
    Body(body): Body<NewLimits>,
) -> Result<Answer<Tenant>, Problem> {
    let part = body.and_then(TryInto::try_into);
    replace(&app, &caller, &at, &opts, (Action::SetLimits, part)).await
}

/// Network policies in every namespace of the tenant.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/network-policies", operation_id = "setTenantNetworkPolicies", tag = "tenants",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = NetworkPolicies, responses((status = 200, description = "The tenant", body = Tenant), Refusals))]
pub(crate) async fn put_network_policies(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    opts: WriteOptions,
    Body(body): Body<NetworkPolicies>,
) -> Result<Answer<Tenant>, Problem> {
    let part = body.and_then(TryInto::try_into);
    replace(
        &app,
        &caller,
        &at,
        &opts,
        (Action::SetNetworkPolicies, part),
    )
    .await
}

async fn replace(
    app: &App,
    caller: &Caller,
    at: &TenantAt,
    opts: &WriteOptions,
    (action, part): (Action, Result<Bound, Problem>),
) -> Result<Answer<Tenant>, Problem> {
    let actor = &caller.actor;
    let may = async {
        let found = app.tenants.get(actor, at).await?;
        guard::require(actor, action, Some(found)).map(drop)
    };
    let part = acceptable(part, may).await?;
    let tenant = app
        .tenants
        .set_bound(actor, at, part, opts.based_on)
        .await?;
    let at = exactly(&tenant);
    let tenant = app
        .hold(opts.wait, tenant, || app.tenants.get(actor, &at))
        .await;
    Ok(Answer::ok(Tenant::from(&tenant))
        .version(tenant.generation)
        .waited(opts.wait))
}
