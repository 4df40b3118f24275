//! `POST …/tenants/{t}/projects`: a new project; its namespace follows.

use axum::extract::State;

use kubenova_core::access::{Action, guard};

use super::exactly;
use crate::{
    dto::project::{Project, Request},
    http::{
        Answer, App, Problem, Refusals,
        extract::{Body, Caller, TenantPath, WriteOptions},
    },
    route::acceptable,
};

/// Durable at once; `Prefer: wait` holds until the cluster has it.
#[utoipa::path(post, path = "/api/v1/clusters/{c}/tenants/{t}/projects", operation_id = "createProject", tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    request_body = Request, responses((status = 200, description = "The project", body = Project), Refusals))]
pub(crate) async fn create_project(
    State(app): State<App>,
    caller: Caller,
    TenantPath(tenant): TenantPath,
    opts: WriteOptions,
    Body(body): Body<Request>,
) -> Result<Answer<Project>, Problem> {
    let actor = &caller.actor;
    let may = async {
        let found = app.tenants.get(actor, &tenant).await?;
        guard::require(actor, Action::CreateProject, Some(found)).map(drop)
    };
    let cmd = acceptable(body.and_then(|body| body.create(tenant.clone())), may).await?;
    let project = app.projects.create(actor, cmd).await?;
    let at = exactly(&project);
    let project = app
        .hold(opts.wait, project, || app.projects.get(actor, &at))
        .await;
    Ok(Answer::ok(Project::from(&project))
        .version(project.generation)
        .waited(opts.wait))
}
