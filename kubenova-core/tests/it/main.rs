//! Use cases and the reconciler together, over the memory store and clusters in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod credentials;
mod faults;
mod fleet;
mod ground;
mod lifecycle;
mod meanwhile;
mod world;
