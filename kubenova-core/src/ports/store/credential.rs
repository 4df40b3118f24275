//! Reads of tokens and grants.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::credential::{CredentialState, Grant, Token};
use crate::ports::store::StoreError;
use crate::value::{ClusterId, GrantId, Page, Paged, ProjectId, Subject, TenantId, TokenId};

/// Which tokens a list shows; ordered by (creation, id).
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Only those bound to this tenant.
    pub tenant: Option<TenantId>,
}

/// Which grants a list shows; ordered by (creation, id).
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    /// Only those of this tenant.
    pub tenant: Option<TenantId>,
    /// Only those for this project alone.
    pub project: Option<ProjectId>,
    /// Only those of this subject.
    pub subject: Option<Subject>,
    /// Only those in this state at that time.
    pub state: Option<(CredentialState, Timestamp)>,
}

/// A token and where its tenant lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLookup {
    /// The row.
    pub token: Token,
    /// The cluster of the token's tenant; `None` without a tenant, or when that tenant is gone.
    pub cluster: Option<ClusterId>,
}

/// Reads credentials' records.
///
/// # Guarantees
/// Sees every commit that returned before the call began.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CredentialReads: Send + Sync {
    /// The token of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn token(&self, id: TokenId) -> Result<Option<TokenLookup>, StoreError>;

    /// One page.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tokens(&self, filter: TokenFilter, page: Page) -> Result<Paged<Token>, StoreError>;

    /// Tokens whose revocation was committed within the last `window` by the store's own clock: what every replica asks
    /// several times a second, so that no request has to.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revoked_within(&self, window: Duration) -> Result<Vec<TokenId>, StoreError>;

    /// Whether some token with the role `admin` is active at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn has_admin(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// The grant of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError>;

    /// One page.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn grants(&self, filter: GrantFilter, page: Page) -> Result<Paged<Grant>, StoreError>;
}
