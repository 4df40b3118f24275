//! `PUT …/projects/{p}`: changes labels and annotations of a project.

use axum::extract::State;

use kubenova_core::access::Action;

use super::{exactly, may};
use crate::{
    dto::project::{Project, Request},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, ProjectPath, WriteOptions},
    },
    route::acceptable,
};

/// What is left out stays; the name never changes.
#[utoipa::path(put, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}", operation_id = "updateProject",
    tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = Request, responses((status = 200, description = "The project", body = Project), Refusals))]
pub(crate) async fn put_project(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
    opts: WriteOptions,
    Body(body): Body<Request>,
) -> Result<Answer<Project>, Problem> {
    let actor = &caller.actor;
    let read = body.and_then(|body| body.update(at.clone(), opts.based_on));
    let cmd = acceptable(read, may(&app, actor, Action::UpdateProject, &at)).await?;
    let project = app.projects.update(actor, cmd).await?;
    let at = exactly(&project);
    let project = app
        .hold(opts.wait, project, || app.projects.get(actor, &at))
        .await;
    Ok(Answer::ok(Project::from(&project))
        .version(project.generation)
        .waited(opts.wait))
}
