//! Projects.

mod access;
mod create;
mod delete;
mod get;
mod kubeconfig;
mod list;
mod update;

pub(crate) use access::*;
pub(crate) use create::*;
pub(crate) use delete::*;
pub(crate) use get::*;
pub(crate) use kubeconfig::*;
pub(crate) use list::*;
pub(crate) use update::*;

use kubenova_core::{
    Error,
    access::{Action, Actor, guard},
    domain::project::{Project, ProjectAt},
    value::Ref,
};

use crate::http::App;

/// The project itself, whatever it was called in the path.
fn exactly(project: &Project) -> ProjectAt {
    ProjectAt {
        cluster: None,
        tenant: None,
        project: Ref::Id(project.id.uuid()),
    }
}

/// Whether the caller may do this to the project at all.
async fn may(app: &App, actor: &Actor, action: Action, at: &ProjectAt) -> Result<(), Error> {
    let found = app.projects.get(actor, at).await?;
    guard::require(actor, action, Some(found)).map(drop)
}
