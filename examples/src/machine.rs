//! Time and ids of this machine, and one round of work: the domain asks for them through ports.

use std::time::Duration;

use jiff::{Timestamp, Unit};
use uuid::Uuid;

use kubenova_core::change::Lease;
use kubenova_core::domain::service::Ports;
use kubenova_core::ports::store::{ClaimRequest, StoreError};
use kubenova_core::ports::{Clock, Ids};
use kubenova_core::reconcile::Reconciler;

/// The machine's clock, in the microseconds that stores keep.
#[derive(Debug, Clone, Copy)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter behind the Clock port"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}

/// Ids ordered by time.
#[derive(Debug, Clone, Copy)]
pub struct MachineIds;

impl Ids for MachineIds {
    #[expect(clippy::disallowed_methods, reason = "the adapter behind the Ids port")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Works once on everything that is due: what a pool of workers does in a loop.
///
/// # Errors
/// When the store does not answer.
pub async fn work_once(ports: &Ports) -> Result<usize, StoreError> {
    let want = ClaimRequest {
        lease: Lease(ports.ids.next()),
        lease_for: Duration::from_secs(60),
        limit: 16,
        per_cluster: 8,
        caps: Vec::new(),
    };
    let claims = ports.store.claim(want).await?;
    for claim in &claims {
        let turn = Reconciler::new(ports.clone()).run(claim).await;
        ports.store.finish(claim.receipt, turn.finish).await?;
    }
    Ok(claims.len())
}
