//! Leases of running turns: one heartbeat renews all of a process, and a turn whose lease may have run out is dropped.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tracing::warn;

use kubenova_core::{
    change::Receipt,
    ports::{Store, store::StoreError},
};

use crate::http::chain;

/// How long a claim lasts unless it is renewed: what a killed server held is free again after it.
pub(super) const LEASE: Duration = Duration::from_secs(4);

/// All leases of this process are renewed together, this often.
const BEAT: Duration = Duration::from_secs(1);

/// A turn ends so long before the store gives its item to somebody else: a call on its way may still arrive.
const MARGIN: Duration = Duration::from_millis(500);

/// Until when each turn of this process may work, by its own monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<Receipt, watch::Sender<Instant>>>,
}

/// The lease of one turn; given up when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    leases: Arc<Leases>,
    receipt: Receipt,
    until: watch::Receiver<Instant>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.leases.held().remove(&self.receipt);
    }
}

/// What was asked of the store at `sent` holds surely until then: the store began to count later.
fn end(sent: Instant) -> Instant {
    sent + LEASE - MARGIN
}

impl Leases {
    fn held(&self) -> MutexGuard<'_, HashMap<Receipt, watch::Sender<Instant>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A claim that was asked for at `sent`.
    pub(super) fn claimed(self: &Arc<Self>, receipt: Receipt, sent: Instant) -> Held {
        let (tell, until) = watch::channel(end(sent));
        self.held().insert(receipt, tell);
        Held {
            leases: Arc::clone(self),
            receipt,
            until,
        }
    }

    /// Renews all leases, for ever. Each call has less time than the leases have left.
    pub(super) async fn beat(&self, store: &dyn Store) {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            beat.tick().await;
            let receipts: Vec<Receipt> = self.held().keys().copied().collect();
            if receipts.is_empty() {
                continue;
            }
            let sent = Instant::now();
            let told = match timeout(LEASE / 2, store.extend(&receipts, LEASE)).await {
                Ok(told) => told,
                Err(late) => Err(StoreError::Away(Box::new(late))),
            };
            match told {
                Ok(held) => {
                    away = false;
                    self.renewed(&receipts, &held, sent);
                }
                // The leases hold as long as they did; turns end by themselves when that is over.
                Err(error) if !std::mem::replace(&mut away, true) => {
                    warn!(error = %chain(&error), "Could not renew the leases of running turns");
                }
                Err(_) => {}
            }
        }
    }

    fn renewed(&self, asked: &[Receipt], held: &[Receipt], sent: Instant) {
        let all = self.held();
        for receipt in asked {
            if let Some(tell) = all.get(receipt) {
                let until = if held.contains(receipt) {
                    end(sent)
                } else {
                    sent
                };
                tell.send_replace(until);
            }
        }
    }
}

impl Held {
    /// Runs a turn as long as its lease surely holds; `None` when that ended first. The clock is asked before every step of
    /// the turn, and not only when a timer rings: a process that was stopped for a while goes on in the middle of a turn.
    pub(super) async fn run<T>(&self, turn: impl Future<Output = T>) -> Option<T> {
        let (mut turn, until) = (pin!(turn), self.until.clone());
        let guarded = poll_fn(|cx| {
            if Instant::now() >= *until.borrow() {
                return Poll::Ready(None);
            }
            turn.as_mut().poll(cx).map(Some)
        });
        tokio::select! {
            biased;
            () = self.over() => None,
            done = guarded => done,
        }
    }

    /// Ends when the lease may have run out.
    async fn over(&self) {
        let mut until = self.until.clone();
        loop {
            let end = *until.borrow_and_update();
            tokio::select! {
                () = sleep_until(end) => return,
                changed = until.changed() => if changed.is_err() { return },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kubenova_core::change::{Lease, Work};
    use kubenova_core::value::TenantId;
    use tokio::time::{advance, sleep};
    use uuid::Uuid;

    use super::*;

    fn receipt(n: u128) -> Receipt {
        Receipt {
            item: Work::Tenant(TenantId::nth(n)),
            ticket: 1,
            lease: Lease(Uuid::from_u128(1)),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_before_its_lease_does_unless_that_is_renewed() {
        let leases = Arc::new(Leases::default());
        let begun = Instant::now();
        let held = leases.claimed(receipt(1), begun);
        let turn = held.run(sleep(LEASE * 2));
        assert_eq!(turn.await, None);
        assert!(begun.elapsed() < LEASE);

        let (kept, lost) = (
            leases.claimed(receipt(1), Instant::now()),
            leases.claimed(receipt(2), Instant::now()),
        );
        let renew = async {
            for _ in 0..10 {
                let sent = Instant::now();
                sleep(BEAT).await;
                leases.renewed(&[receipt(1), receipt(2)], &[receipt(1)], sent);
            }
        };
        let begun = Instant::now();
        let stopped = async { (lost.run(sleep(LEASE * 2)).await, begun.elapsed()) };
        let (done, (dropped, after), ()) = tokio::join!(kept.run(sleep(LEASE * 2)), stopped, renew);
        assert_eq!((done, dropped), (Some(()), None));
        assert!(
            after <= BEAT,
            "a lost lease ends its turn at once: {after:?}"
        );
        drop((held, kept, lost));
        assert!(leases.held().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn attack_i14_after_a_pause_no_step_is_made_before_the_clock_was_looked_at() {
        let leases = Arc::new(Leases::default());
        let held = leases.claimed(receipt(1), Instant::now());
        let (steps, woken) = (AtomicUsize::new(0), tokio::sync::Notify::new());
        let turn = async {
            loop {
                steps.fetch_add(1, Ordering::SeqCst);
                woken.notified().await;
            }
        };
        let mut turn = pin!(held.run::<()>(turn));
        assert!(futures::poll!(&mut turn).is_pending());
        assert_eq!(steps.load(Ordering::SeqCst), 1);
        // The process stands still; when it goes on, an answer is there and the timer did not ring yet.
        advance(LEASE).await;
        woken.notify_one();
        assert_eq!(futures::poll!(&mut turn), Poll::Ready(None));
        assert_eq!(steps.load(Ordering::SeqCst), 1);
    }
}
