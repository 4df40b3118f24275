//! `GET` and `PUT …/projects/{p}/access`: who may work in a project.

use axum::extract::State;

use kubenova_core::{access::Action, domain::project::Members};

use super::{exactly, may};
use crate::{
    dto::project::Access,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, ProjectPath, WriteOptions},
    },
    route::acceptable,
};

/// The complete member list.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access", operation_id = "getProjectAccess",
    tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project")),
    responses((status = 200, description = "The members", body = Access), Refusals))]
pub(crate) async fn get_access(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
) -> Result<Answer<Access>, Problem> {
    let (project, members) = app.projects.access(&caller.actor, &at).await?;
    Ok(Answer::ok(Access::from(&members)).version(project.generation))
}

/// Replaces the member list. Who loses a role loses his tokens and kubeconfigs for the project in the same commit.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access", operation_id = "setProjectAccess",
    tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = Access, responses((status = 200, description = "The members", body = Access), Refusals))]
pub(crate) async fn put_access(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
    opts: WriteOptions,
    Body(body): Body<Access>,
) -> Result<Answer<Access>, Problem> {
    let actor = &caller.actor;
    let read = body.and_then(Members::try_from);
    let members = acceptable(read, may(&app, actor, Action::SetAccess, &at)).await?;
    let (project, members) = app
        .projects
        .set_access(actor, &at, members, opts.based_on)
        .await?;
    let at = exactly(&project);
    let project = app
        .hold(opts.wait, project, || app.projects.get(actor, &at))
        .await;
    Ok(Answer::ok(Access::from(&members))
        .version(project.generation)
        .waited(opts.wait))
}
