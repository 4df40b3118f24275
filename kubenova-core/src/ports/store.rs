//! Persistence: one reads trait per aggregate, one way to write, one work set; `Store` is their sum.

pub mod cluster;
pub mod commit;
pub mod credential;
pub mod project;
pub mod queue;
pub mod tenant;

pub use cluster::{ClusterFilter, ClusterReads};
pub use commit::{Commit, CommitError, Taken};
pub use credential::{CredentialReads, GrantFilter, TokenFilter, TokenLookup};
pub use project::{ProjectFilter, ProjectReads};
pub use queue::{Claim, ClaimRequest, Finish, WorkQueue};
pub use tenant::{TenantFilter, TenantReads};

use async_trait::async_trait;

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It did not answer within its deadline; trying again makes sense.
    #[error("the store is away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row breaks an invariant; the text names the row, never its content.
    #[error("a stored row is not usable: {0}")]
    Corrupt(String),
}

/// Whether the store can be used, for readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// The schema version found; `None` where there is no schema (memory).
    pub migration: Option<i64>,
    /// The schema version this build expects.
    pub expected: Option<i64>,
}

/// Looks after the store itself.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Health: Send + Sync {
    /// One round trip.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    async fn health(&self) -> Result<StoreHealth, StoreError>;
}

/// All of a store. Held as `Arc<dyn Store>`; helpers take the part they need.
pub trait Store:
    ClusterReads + TenantReads + ProjectReads + CredentialReads + Commit + WorkQueue + Health
{
}

impl<T> Store for T where
    T: ClusterReads
        + TenantReads
        + ProjectReads
        + CredentialReads
        + Commit
        + WorkQueue
        + Health
        + ?Sized
{
}
