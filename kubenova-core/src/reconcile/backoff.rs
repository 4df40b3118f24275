//! How long to wait after failures in a row.

use std::time::Duration;

use uuid::Uuid;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// Half a second, doubled with each failure up to a minute, plus or minus a fifth, so that many items do not return at
/// the same moment. `noise` is a fresh id: its last bits are random.
pub fn after(failures: u32, noise: Uuid) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32 << failures.min(7)).min(LONGEST);
    let bits = u32::from(noise.as_bytes()[15]) | (u32::from(noise.as_bytes()[14]) << 8);
    let percent = 80 + bits % 41;
    doubled * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_stops_growing() {
        for failures in 0..40 {
            for noise in 0..100 {
                let wait = after(failures, Uuid::from_u128(noise));
                assert!(
                    wait >= FIRST * 8 / 10 && wait <= LONGEST * 12 / 10,
                    "{failures} {wait:?}"
                );
            }
        }
        assert!(after(5, Uuid::nil()) > after(2, Uuid::nil()));
    }
}
