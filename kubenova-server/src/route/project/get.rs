//! `GET …/projects/{p}`: one project.

use axum::extract::State;

use crate::{
    dto::project::Project,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ProjectPath},
    },
};

/// With its status.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}", operation_id = "getProject",
    tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project")),
    responses((status = 200, description = "The project", body = Project), Refusals))]
pub(crate) async fn get_project(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
) -> Result<Answer<Project>, Problem> {
    let project = app.projects.get(&caller.actor, &at).await?;
    Ok(Answer::ok(Project::from(&project)).version(project.generation))
}
