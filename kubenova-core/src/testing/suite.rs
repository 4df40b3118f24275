//! What every store must do, as functions over `&dyn Store`, each run on an empty store.
//!
//! A suite panics where the store is wrong. It never sleeps: time that has to pass is a lease of no length.

pub mod cluster;
pub mod commit;
pub mod credential;
mod kit;
pub mod list;
mod macros;
pub mod project;
pub mod purge;
pub mod queue;
pub mod race;
pub mod revoke;
pub mod tenant;
