//! Clusters in memory, with faults: what tests and the simulated demo run on.
//!
//! A simulated cluster keeps what a real one would be asked to keep and obeys the same rules: namespaces need their
//! tenant, deletions take a moment, foreign objects are in the way, and a cluster that is cut off answers nothing.

mod address;
mod cluster;
mod fleet;
mod foreign;
mod proxy;
mod state;
mod step;

pub use cluster::SimCluster;
pub use fleet::SimFleet;
pub use foreign::{ForeignAct, Knock, Thing};
pub use proxy::SimProxy;
#[cfg(any(test, feature = "testing"))]
pub(crate) use proxy::base64;
