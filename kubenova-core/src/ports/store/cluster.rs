//! Reads of clusters.

use async_trait::async_trait;

use crate::domain::cluster::Cluster;
use crate::ports::store::StoreError;
use crate::value::{ClusterId, LabelSelector, Page, Paged, Ref, Secret};

/// Which clusters a list shows.
#[derive(Debug, Clone, Default)]
pub struct ClusterFilter {
    /// Only this one: what a scoped caller may see.
    pub only: Option<ClusterId>,
    /// Only those whose labels match.
    pub selector: LabelSelector,
}

/// Reads clusters.
///
/// # Guarantees
/// Sees every commit that returned before the call began. Pages are ordered by (name, id) and neither repeat nor skip
/// a row that exists during the whole walk. A cluster on its way out is returned until it is purged.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ClusterReads: Send + Sync {
    /// The cluster of that uid or name.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn cluster(&self, at: &Ref) -> Result<Option<Cluster>, StoreError>;

    /// One page.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn clusters(
        &self,
        filter: ClusterFilter,
        page: Page,
    ) -> Result<Paged<Cluster>, StoreError>;

    /// The rebuilt kubeconfig (YAML), unsealed. Never part of an answer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be unsealed.
    async fn credential(&self, cluster: ClusterId) -> Result<Option<Secret>, StoreError>;

    /// Every cluster, for watchers and full passes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn cluster_ids(&self) -> Result<Vec<ClusterId>, StoreError>;
}
