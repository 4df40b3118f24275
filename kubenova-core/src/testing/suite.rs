//! What adapters of a port must do, as functions over the port; macros turn them into tests of one adapter.
//!
//! A suite panics where the adapter is wrong.
//!
//! - [`store`]: every store, each function on an empty one; [`store_conformance!`](crate::store_conformance).
//! - [`cluster`]: every cluster, simulated or real, on which others work at the same time;
//!   [`cluster_conformance!`](crate::cluster_conformance).
//! - [`fleet`]: every fleet, and the proxies it gives; [`fleet_conformance!`](crate::fleet_conformance).

pub mod cluster;
pub mod fleet;
mod macros;
pub mod store;
