//! Loops around the core: each runs until told to stop, and is joined by whoever started it.

mod caps;
mod drift;
mod full_pass;
mod lease;
mod pool;
mod refusals;
mod revocations;
mod turn;

pub use drift::watch_drift;
pub use full_pass::full_pass;
pub use pool::Pool;
pub use refusals::{Refusals, record_refusals};
pub use revocations::follow_revocations;
