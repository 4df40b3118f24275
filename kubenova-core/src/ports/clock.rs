//! Time and fresh ids, so that tests can set the one and foresee the other.

use jiff::Timestamp;
use uuid::Uuid;

/// Wall-clock time.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, with at most microsecond precision: what stores can keep.
    fn now(&self) -> Timestamp;
}

/// Fresh ids.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Ids: Send + Sync {
    /// An id that was never given before; version 7, so that neighbours in time are neighbours in an index.
    fn next(&self) -> Uuid;
}
