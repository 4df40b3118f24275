//! The cluster ports against a scripted API server: what no real one does on demand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod fake;
mod faults;
mod intent;
mod ownership;
mod posture;
mod watches;
