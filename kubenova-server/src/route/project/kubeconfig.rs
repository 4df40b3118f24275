//! `GET …/projects/{p}/kubeconfig`: a kubeconfig for one project, for an hour.

use axum::{
    extract::State,
    http::Method,
    response::{IntoResponse as _, Response},
};

use kubenova_core::{
    access::{Action, Actor, ProjectRole, Role},
    domain::service::{IssueGrant, grant::GrantAt},
};

use super::may;
use crate::{
    dto::grant::Kubeconfig,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ProjectPath, WriteOptions},
    },
};

/// As the caller's own role there. `HEAD` is judged like `GET` and issues nothing.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/kubeconfig",
    operation_id = "issueProjectKubeconfig", tag = "kubeconfigs",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project")),
    responses((status = 200, description = "The kubeconfig", body = Kubeconfig), Refusals))]
pub(crate) async fn issue_project_kubeconfig(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
    _: WriteOptions,
    method: Method,
) -> Result<Response, Problem> {
    let actor = &caller.actor;
    if method == Method::HEAD {
        may(&app, actor, Action::IssueGrant, &at).await?;
        return Ok(Answer::ok(()).into_response());
    }
    let cmd = IssueGrant {
        at: GrantAt::Project(at),
        role: own_role(actor),
        ttl: 0,
    };
    let issued = app.grants.issue(actor, cmd).await?;
    Ok(Answer::ok(Kubeconfig::from(&issued)).into_response())
}

/// What the caller is in a project.
fn own_role(actor: &Actor) -> ProjectRole {
    match actor.roles.strongest() {
        Role::Admin | Role::Ops | Role::TenantOwner => ProjectRole::TenantOwner,
        Role::ProjectDev => ProjectRole::ProjectDev,
        Role::ReadOnly => ProjectRole::ReadOnly,
    }
}
