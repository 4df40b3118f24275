//! What adapters of a port must do, as functions over the port; macros turn them into tests of one adapter.
//!
//! A suite panics where the adapter is wrong.
//!
//! - [`store`]: every store, each function on an empty one; [`store_conformance!`](crate::store_conformance).

mod macros;
pub mod store;
