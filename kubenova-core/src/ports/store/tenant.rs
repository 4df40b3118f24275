//! Reads of tenants.

use async_trait::async_trait;

use crate::domain::tenant::{Tenant, TenantAt};
use crate::ports::store::StoreError;
use crate::value::{ClusterId, LabelSelector, Page, Paged, Subject, TenantId};

/// Which tenants a list shows.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// Only those of this cluster.
    pub cluster: Option<ClusterId>,
    /// Only this one: what a scoped caller may see.
    pub only: Option<TenantId>,
    /// Only those with exactly this owner.
    pub owner: Option<Subject>,
    /// Only those whose labels match.
    pub selector: LabelSelector,
}

/// Reads tenants.
///
/// # Guarantees
/// As [`ClusterReads`](crate::ports::store::ClusterReads).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantReads: Send + Sync {
    /// The tenants a path could mean: at most one for a uid or below a cluster; without a cluster a name may fit
    /// several, of which at most ten are returned.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tenants_at(&self, at: &TenantAt) -> Result<Vec<Tenant>, StoreError>;

    /// The tenant of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError>;

    /// One page.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tenants(&self, filter: TenantFilter, page: Page) -> Result<Paged<Tenant>, StoreError>;
}
