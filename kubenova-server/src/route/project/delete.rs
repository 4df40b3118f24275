//! `DELETE …/projects/{p}`: the end of a project and its namespace.

use axum::{extract::State, response::Response};

use super::exactly;
use crate::http::{
    App, Problem, Refusals, answer,
    extract::{Caller, ProjectPath, WriteOptions},
};

/// Tokens and kubeconfigs for it alone are revoked in the same commit.
#[utoipa::path(delete, path = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}", operation_id = "deleteProject",
    tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"),
        ("p" = String, Path, description = "Uid or name of the project"),
        ("If-Match" = Option<String>, Header, description = "The ETag the change is based on"), ("Prefer" = Option<String>, Header, description = "wait=N holds the answer until the clusters followed, up to 60 s")),
    responses((status = 204, description = "On its way out"), Refusals))]
pub(crate) async fn delete_project(
    State(app): State<App>,
    caller: Caller,
    ProjectPath(at): ProjectPath,
    opts: WriteOptions,
) -> Result<Response, Problem> {
    let project = app
        .projects
        .delete(&caller.actor, &at, opts.based_on)
        .await?;
    let at = exactly(&project);
    app.hold_gone(opts.wait, || app.projects.get(&caller.actor, &at))
        .await;
    Ok(answer::gone(opts.wait))
}
