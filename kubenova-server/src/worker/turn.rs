//! One turn on one claimed item: work while the lease is held, tell the work set how it ended.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, info_span, warn};

use kubenova_core::{
    ports::{
        Store,
        store::{Claim, Finish},
    },
    reconcile::Reconciler,
};

use super::lease::Held;
use crate::{http::chain, telemetry::name};

/// Attempts to tell the work set how a turn ended; after them the lease runs out by itself.
const ATTEMPTS: u32 = 4;

/// How a turn ended, for the bulkhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// The cluster as a whole did not answer.
    pub(super) away: bool,
}

/// Works on `claim` while its lease is held. Never panics on its own account; a panic of the core is the caller's to see.
pub(super) async fn turn(
    store: Arc<dyn Store>,
    reconciler: Reconciler,
    claim: Claim,
    held: Held,
) -> Ended {
    let item = claim.receipt.item;
    let span = info_span!("work", work.kind = item.kind(), work.id = %item.uuid(), cluster.id = %claim.cluster);
    async move {
        let began = Instant::now();
        let Some(done) = held.run(reconciler.run(&claim)).await else {
            warn!(
                "The lease ran out: this turn is given up, and whoever holds the item now does it"
            );
            return Ended { away: false };
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
