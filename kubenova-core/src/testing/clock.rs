//! Time that a test sets, and ids that a test foresees.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::ports::{Clock, Ids};

/// The moment tests begin: 2026-01-01T00:00:00Z, and `seconds` after it.
///
/// # Panics
/// When the sum is outside the range of a timestamp.
#[expect(clippy::expect_used, reason = "tests only, with small constants")]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).expect("a time within the calendar")
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    /// Stands at [`at`]`(0)`.
    pub fn new() -> Self {
        Self(Mutex::new(at(0)))
    }

    /// Moves it to a moment.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves it forward, or back.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(*now);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids 1, 2, 3, …
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl SequentialIds {
    /// Begins behind `last`.
    pub const fn after(last: u64) -> Self {
        Self(AtomicU64::new(last))
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_told() {
        let clock = TestClock::new();
        assert_eq!(clock.now(), clock.now());
        clock.advance(SignedDuration::from_secs(5));
        assert_eq!(clock.now(), at(5));
    }

    #[test]
    fn ids_count() {
        let ids = SequentialIds::after(6);
        assert_eq!(ids.next(), Uuid::from_u128(7));
        assert_eq!(ids.next(), Uuid::from_u128(8));
    }
}
