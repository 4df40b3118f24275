//! `GET …/tenants/{t}/projects`: those of a tenant that the caller may see.

use axum::extract::State;

use crate::{
    dto::project::Project,
    http::{
        Answer, App, Problem, Refusals,
        extract::{Caller, ListQuery, TenantPath},
    },
};

const FILTERS: [&str; 1] = ["labelSelector"];

/// Ordered by name.
#[utoipa::path(get, path = "/api/v1/clusters/{c}/tenants/{t}/projects", operation_id = "listProjects", tag = "projects",
    params(("c" = String, Path, description = "Uid or name of the cluster"),
        ("t" = String, Path, description = "Uid or name of the tenant"), ("limit" = Option<u16>, Query, description = "1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "From X-Next-Cursor"),
        ("labelSelector" = Option<String>, Query, description = "As in Kubernetes")),
    responses((status = 200, description = "One page", body = [Project]), Refusals))]
pub(crate) async fn list_projects(
    State(app): State<App>,
    caller: Caller,
    TenantPath(at): TenantPath,
    list: ListQuery,
) -> Result<Answer<Vec<Project>>, Problem> {
    let (selector, page) = (list.selector()?, list.page(&app, &caller.actor, &FILTERS)?);
    let found = app
        .projects
        .list(&caller.actor, &at, selector, page)
        .await?;
    let next = list.cursor(&app, &caller.actor, &FILTERS, found.next.as_ref())?;
    Ok(Answer::ok(found.items.iter().map(Project::from).collect()).next(next))
}
