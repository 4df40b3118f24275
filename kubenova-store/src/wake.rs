//! Wakes workers without losing a wake-up that comes between two waits.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Counts wake-ups; a waiter returns as soon as there is one that nobody has answered by looking.
///
/// # Guarantees
/// Everybody who waits wakes. Who was about to wait returns at once, unless since the wake-up a claim looked at the
/// work set and found it drained, or another waiter returned at once for it. So one pool of workers per process never
/// misses a wake-up; several pools may have to rely on the next one, or on their timer.
#[derive(Debug)]
pub(crate) struct Wake {
    count: watch::Sender<u64>,
    answered: AtomicU64,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            count: watch::Sender::new(0),
            answered: AtomicU64::new(0),
        }
    }

    /// There may be work.
    pub(crate) fn wake(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    /// What to hand to [`Wake::drained`]: taken before looking.
    pub(crate) fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Everything announced up to `count` was looked at, and nothing was left.
    pub(crate) fn drained(&self, count: u64) {
        self.answered.fetch_max(count, Ordering::AcqRel);
    }

    /// Waits for a wake-up that is not answered.
    pub(crate) async fn woken(&self) {
        let mut seen = self.count.subscribe();
        let now = *seen.borrow_and_update();
        if self.answered.fetch_max(now, Ordering::AcqRel) < now {
            return;
        }
        // The sender lives in `self`: an error cannot happen, and would only wake for nothing.
        let _ = seen.changed().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_wake_up_between_two_waits_is_not_lost_and_answered_once() {
        let wake = Wake::new();
        assert!(wake.woken().now_or_never().is_none());
        wake.wake();
        assert!(wake.woken().now_or_never().is_some());
        assert!(wake.woken().now_or_never().is_none(), "no spinning");
    }

    #[test]
    fn everybody_who_waits_wakes() {
        let wake = Wake::new();
        let (mut first, mut second) = (Box::pin(wake.woken()), Box::pin(wake.woken()));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        wake.wake();
        assert!(first.now_or_never().is_some() && second.now_or_never().is_some());
    }

    #[test]
    fn a_claim_that_drained_the_set_answers_earlier_wake_ups_only() {
        let wake = Wake::new();
        wake.wake();
        let before = wake.count();
        wake.wake();
        wake.drained(before);
        assert!(wake.woken().now_or_never().is_some());
        wake.drained(wake.count());
        assert!(wake.woken().now_or_never().is_none());
    }
}
