//! Reads of projects and of what decides about their role bindings.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::project::{Access, Members, Project, ProjectAt};
use crate::ports::store::StoreError;
use crate::value::{LabelSelector, Page, Paged, ProjectId, TenantId};

/// Which projects a list shows.
#[derive(Debug, Clone)]
pub struct ProjectFilter {
    /// Those of this tenant.
    pub tenant: TenantId,
    /// Only these: what a narrowed caller may see.
    pub only: Option<Arc<[ProjectId]>>,
    /// Only those whose labels match.
    pub selector: LabelSelector,
}

/// Reads projects.
///
/// # Guarantees
/// As [`ClusterReads`](crate::ports::store::ClusterReads).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ProjectReads: Send + Sync {
    /// The projects a path could mean: at most one for a uid or below a tenant; otherwise at most ten of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn projects_at(&self, at: &ProjectAt) -> Result<Vec<Project>, StoreError>;

    /// The project of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError>;

    /// One page, ordered by (name, id).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn projects(
        &self,
        filter: ProjectFilter,
        page: Page,
    ) -> Result<Paged<Project>, StoreError>;

    /// The member list.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn members(&self, project: ProjectId) -> Result<Members, StoreError>;

    /// Members, and the kubeconfigs that open this project (for it alone, or for its whole tenant) and whose binding was
    /// not seen cut.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn access(&self, project: ProjectId) -> Result<Access, StoreError>;
}
