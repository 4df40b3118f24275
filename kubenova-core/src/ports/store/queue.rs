//! The work set.

use std::time::Duration;

use async_trait::async_trait;

use crate::change::{Lease, Receipt, WorkRequest};
use crate::ports::store::StoreError;
use crate::value::ClusterId;

/// What a pool of workers can take on.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The turn; fresh for every call.
    pub lease: Lease,
    /// How long the claim lasts unless it is extended.
    pub lease_for: Duration,
    /// At most this many items.
    pub limit: usize,
    /// At most this many of each cluster that is not listed in `caps`.
    pub per_cluster: usize,
    /// Free places of clusters that already hold some; 0 excludes.
    pub caps: Vec<(ClusterId, usize)>,
}

/// A claimed item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What, which request and whose turn.
    pub receipt: Receipt,
    /// The bulkhead it counts against.
    pub cluster: ClusterId,
    /// Failures in a row before this attempt.
    pub failures: u32,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The item equals its intent: the row goes, unless somebody asked again meanwhile.
    Done,
    /// Look again after this long; not a failure.
    Again(Duration),
    /// It failed; look again after this long and count it.
    Failed(Duration),
}

/// The work set: one row per (kind, id).
///
/// # Guarantees
/// An item is held by at most one unexpired lease. A request that arrives while its item is worked on is not lost:
/// [`Finish::Done`] removes the row only when ticket *and* lease still match; otherwise it gives back the lease only,
/// and only its own. Leases are measured by the store's clock alone.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Takes due items, earliest due first. Never waits for others' locks.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim(&self, want: ClaimRequest) -> Result<Vec<Claim>, StoreError>;

    /// Lengthens claims, all in one call; answers those that still hold. Of the others the lease has run out or is
    /// somebody else's: nothing of them changes.
    ///
    /// # Errors
    /// [`StoreError`]: then none, or all that still hold, were lengthened.
    async fn extend(
        &self,
        receipts: &[Receipt],
        lease_for: Duration,
    ) -> Result<Vec<Receipt>, StoreError>;

    /// Ends a turn.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn finish(&self, receipt: Receipt, how: Finish) -> Result<(), StoreError>;

    /// Asks for items outside of a change set: watchers, timers. Items that no longer exist are ignored later.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ask(&self, items: Vec<WorkRequest>) -> Result<(), StoreError>;

    /// Asks for every object of one cluster, or of all: clusters, tenants, projects, and grants that are not dead;
    /// spread evenly over `spread`. Items already asked for keep their earlier time.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ask_everything(
        &self,
        cluster: Option<ClusterId>,
        spread: Duration,
    ) -> Result<(), StoreError>;

    /// Waits until new work may be there: a commit or an `ask` in any process, or a lost wake-up channel. May return
    /// for nothing. Several may wait; all wake.
    async fn woken(&self);

    /// How long until the next item is due (zero: now), or `None` without any. For the workers' timer.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn next_due(&self) -> Result<Option<Duration>, StoreError>;
}
