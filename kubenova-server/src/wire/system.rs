//! Time and ids of the machine: the two adapters that may ask it.

use jiff::{Timestamp, Unit};
use uuid::Uuid;

use kubenova_core::ports::{Clock, Ids};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one adapter behind the Clock port"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Stores keep microseconds; rounding fails only at the ends of time.
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}

/// Fresh ids, version 7.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one adapter behind the Ids port"
    )]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_microseconds_and_ids_differ() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1000, 0);
        assert_ne!(SystemIds.next(), SystemIds.next());
        assert_eq!(SystemIds.next().get_version_num(), 7);
    }
}
