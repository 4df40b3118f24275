//! The one way to write.

use async_trait::async_trait;

use crate::change::ChangeSet;
use crate::error::{Conflict, Error, Noun};
use crate::ports::store::StoreError;

/// Which unique key was in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A cluster's name.
    ClusterName,
    /// A cluster's `kube-system` UID.
    ClusterIdentity,
    /// A tenant's name on its cluster.
    TenantName,
    /// A project's name in its tenant.
    ProjectName,
    /// A namespace on a cluster.
    Namespace,
}

/// Why a change set was not committed; then none of it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A row to update has another generation, or is gone; gather and decide again.
    #[error("a version moved")]
    Stale,
    /// A unique key is in use.
    #[error("a unique key is in use")]
    Taken(Taken),
    /// A parent is on its way out, or gone.
    #[error("the parent does not accept changes")]
    Closed(Noun),
    /// Children are in the way.
    #[error("children are in the way")]
    NotEmpty(Noun),
    /// There are as many children as there may be.
    #[error("there is no room for another one")]
    Full(Noun),
    /// The worker lost the item; its result is discarded.
    #[error("the lease is gone")]
    LeaseLost,
    /// The store did not answer.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Commits change sets.
///
/// # Guarantees
/// All or nothing, audit entries included; preconditions are checked under a lock, so that a deletion of the parent and
/// the creation of a child never both succeed. Once called, the write goes on even if the caller stops waiting. After a
/// commit whoever waits in [`WorkQueue::woken`](crate::ports::store::WorkQueue::woken) wakes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Commit: Send + Sync {
    /// Commits one change set.
    ///
    /// # Errors
    /// [`CommitError`]; nothing was written then, except that after [`StoreError::Away`] the outcome is unknown.
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError>;
}

impl From<CommitError> for Error {
    fn from(err: CommitError) -> Self {
        let conflict = match err {
            CommitError::Stale | CommitError::LeaseLost => Conflict::Contended,
            CommitError::Taken(Taken::ClusterName) => Conflict::NameTaken(Noun::Cluster),
            CommitError::Taken(Taken::ClusterIdentity) => Conflict::ClusterKnown,
            CommitError::Taken(Taken::TenantName) => Conflict::NameTaken(Noun::Tenant),
            CommitError::Taken(Taken::ProjectName) => Conflict::NameTaken(Noun::Project),
            CommitError::Taken(Taken::Namespace) => Conflict::NamespaceTaken,
            CommitError::Closed(noun) => Conflict::Deleting(noun),
            CommitError::Full(noun) => Conflict::Exhausted(noun),
            CommitError::NotEmpty(Noun::Cluster) => Conflict::HasTenants,
            CommitError::NotEmpty(_) => Conflict::HasProjects,
            CommitError::Store(store) => return store.into(),
        };
        Self::Conflict(conflict)
    }
}
