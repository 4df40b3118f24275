//! The pool of workers: claims due items, within each cluster's share, and runs their turns.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use kubenova_core::{
    change::Lease,
    domain::service::Ports,
    ports::store::{Claim, ClaimRequest, Finish},
    reconcile::{Reconciler, backoff},
};

use super::{
    caps::Caps,
    lease::{LEASE, Leases},
    turn::{self, Ended},
};
use crate::{config, http::chain};

/// Nobody sleeps longer than this without looking, whatever the work set says.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// After a failure of the store.
const AGAIN: Duration = Duration::from_millis(500);

/// Turns that end within this time are counted together before more is claimed.
const GATHER: Duration = Duration::from_millis(2);

/// On a stop, turns may finish within this time; the others give their leases back.
const DRAIN: Duration = Duration::from_secs(10);

/// Works on due items.
#[derive(Debug)]
pub struct Pool {
    ports: Ports,
    reconciler: Reconciler,
    workers: usize,
    per_cluster: usize,
    caps: Caps,
    running: JoinSet<Ended>,
    claims: HashMap<Id, Claim>,
    leases: Arc<Leases>,
    /// The last claim failed, and that was told.
    away: bool,
}

impl Pool {
    /// A pool over the work set of a store.
    pub fn new(ports: Ports, config: &config::Reconcile) -> Self {
        Self {
            reconciler: Reconciler::new(ports.clone()),
            ports,
            workers: config.workers,
            per_cluster: config.per_cluster,
            caps: Caps::new(config.per_cluster),
            running: JoinSet::new(),
            claims: HashMap::new(),
            leases: Arc::default(),
            away: false,
        }
    }

    /// Works until told to stop, then finishes what is begun or gives it back.
    pub async fn run(self, stop: CancellationToken) {
        let (store, leases) = (Arc::clone(&self.ports.store), Arc::clone(&self.leases));
        tokio::select! {
            () = self.work(stop) => {}
            () = leases.beat(&*store) => {}
        }
    }

    async fn work(mut self, stop: CancellationToken) {
        let store = Arc::clone(&self.ports.store);
        while !stop.is_cancelled() {
            // Listening begins before the claim, so that nothing committed in between is missed.
            let mut woken = store.woken();
            let heard = futures::poll!(&mut woken).is_ready();
            let pause = self.claim().await;
            if heard {
                sleep(GATHER).await;
                continue;
            }
            let full = self.running.len() >= self.workers;
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = self.running.join_next_with_id() => self.ended_together(ended).await,
                () = woken, if !full => sleep(GATHER).await,
                () = sleep(pause), if !full => {}
            }
        }
        self.drain().await;
    }

    /// Claims as much as there are free workers. How long it makes sense to wait for more without a signal.
    async fn claim(&mut self) -> Duration {
        let free = self.workers.saturating_sub(self.running.len());
        if free == 0 {
            return LONGEST_SLEEP;
        }
        let want = ClaimRequest {
            lease: Lease(self.ports.ids.next()),
            lease_for: LEASE,
            limit: free,
            per_cluster: self.per_cluster,
            caps: self.caps.free(),
        };
        let sent = tokio::time::Instant::now();
        let claims = match self.ports.store.claim(want).await {
            Ok(claims) => claims,
            Err(error) => {
                if !std::mem::replace(&mut self.away, true) {
                    warn!(error = %chain(&error), "Could not claim work; trying until the store is back");
                }
                return AGAIN;
            }
        };
        self.away = false;
        let got = claims.len();
        for claim in claims {
            self.caps.begin(claim.cluster);
            let (store, reconciler) = (Arc::clone(&self.ports.store), self.reconciler.clone());
            let held = self.leases.claimed(claim.receipt, sent);
            let turn = turn::turn(store, reconciler, claim, held);
            let task = self.running.spawn(turn);
            self.claims.insert(task.id(), claim);
        }
        if got == free {
            return LONGEST_SLEEP; // all workers are busy: the end of a turn wakes us
        }
        self.next_due().await
    }

    /// How long until something can be claimed. What is due already is held back by a bulkhead or by another process:
    /// the end of a turn frees it, but somebody's lease may also just run out.
    async fn next_due(&self) -> Duration {
        match self.ports.store.next_due().await {
            Ok(Some(Duration::ZERO)) | Err(_) => AGAIN,
            Ok(Some(due)) => due.min(LONGEST_SLEEP),
            Ok(None) => LONGEST_SLEEP,
        }
    }

    /// Counts a turn that ended, and those that end about now.
    async fn ended_together(&mut self, first: Result<(Id, Ended), JoinError>) {
        self.ended(first).await;
        let until = tokio::time::Instant::now() + GATHER;
        while !self.running.is_empty() {
            match tokio::time::timeout_at(until, self.running.join_next_with_id()).await {
                Ok(Some(ended)) => self.ended(ended).await,
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, away) = match &ended {
            Ok((id, ended)) => (*id, ended.away),
            Err(lost) => (lost.id(), false),
        };
        let Some(claim) = self.claims.remove(&id) else {
            return;
        };
        self.caps.end(claim.cluster, away);
        if ended.is_err_and(|lost| lost.is_panic()) {
            let item = claim.receipt.item;
            error!(work.kind = item.kind(), work.id = %item.uuid(), "A turn panicked");
            let wait = backoff::after(claim.failures.saturating_add(3), self.ports.ids.next());
            turn::finish(&self.ports.store, &claim, Finish::Failed(wait)).await;
        }
    }

    /// Lets turns finish, then gives back the leases of those that did not.
    async fn drain(mut self) {
        let all = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                self.ended(ended).await;
            }
        };
        if timeout(DRAIN, all).await.is_ok() {
            return info!("All turns are finished");
        }
        self.running.shutdown().await;
        warn!(
            work.count = self.claims.len(),
            "Giving back unfinished work"
        );
        for claim in self.claims.values() {
            turn::finish(&self.ports.store, claim, Finish::Again(Duration::ZERO)).await;
        }
    }
}
