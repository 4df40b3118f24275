//! One turn on one claimed item: work, keep the lease alive meanwhile, tell the work set how it ended.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tracing::{Instrument as _, info_span, warn};

use kubenova_core::{
    ports::{
        Store,
        store::{Claim, Finish},
    },
    reconcile::Reconciler,
};

use crate::{http::chain, telemetry::name};

/// How long a claim lasts unless it is extended.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// Attempts to tell the work set how a turn ended; after them the lease runs out by itself.
const ATTEMPTS: u32 = 4;

/// How a turn ended, for the bulkhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// The cluster as a whole did not answer.
    pub(super) away: bool,
}

/// Works on `claim`. Never panics on its own account; a panic of the core is the caller's to see.
pub(super) async fn turn(store: Arc<dyn Store>, reconciler: Reconciler, claim: Claim) -> Ended {
    let item = claim.receipt.item;
    let span = info_span!("work", work.kind = item.kind(), work.id = %item.uuid(), cluster.id = %claim.cluster);
    async move {
        let began = Instant::now();
        let done = tokio::select! {
            done = reconciler.run(&claim) => done,
            () = lost(&store, &claim) => {
                warn!("The lease is gone: somebody else works on this item now");
                return Ended { away: false };
            }
        };
        let outcome = match done.finish {
            Finish::Done => "done",
            Finish::Again(_) => "again",
            Finish::Failed(_) => "failed",
        };
        let kind = item.kind();
        metrics::counter!(name::WORK, "kind" => kind, "outcome" => outcome).increment(1);
        metrics::histogram!(name::WORK_TIME, "kind" => kind).record(began.elapsed());
        finish(&store, &claim, done.finish).await;
        Ended {
            away: done.cluster_away,
        }
    }
    .instrument(span)
    .await
}

/// Keeps the lease alive; ends when it is lost.
async fn lost(store: &Arc<dyn Store>, claim: &Claim) {
    let third = LEASE / 3;
    let mut beat = interval_at(Instant::now() + third, third);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match store.extend(claim.receipt, LEASE).await {
            Ok(true) => {}
            Ok(false) => return,
            // The store is away: the lease may still hold; a commit of this turn checks it anyway.
            Err(error) => warn!(error = %chain(&error), "Could not extend a lease"),
        }
    }
}

/// Tells the work set how a turn ended.
pub(super) async fn finish(store: &Arc<dyn Store>, claim: &Claim, how: Finish) {
    for attempt in 1..=ATTEMPTS {
        match store.finish(claim.receipt, how).await {
            Ok(()) => return,
            Err(error) if attempt == ATTEMPTS => {
                warn!(error = %chain(&error), "Could not finish a turn; its lease runs out by itself");
            }
            Err(_) => sleep(Duration::from_millis(100) * attempt).await,
        }
    }
}
