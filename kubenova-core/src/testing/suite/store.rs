//! What every store must do, as functions over `&dyn Store`, each run on an empty store.
//!
//! It never sleeps: time that has to pass is a lease of no length.

pub mod cluster;
pub mod commit;
pub mod credential;
pub mod health;
mod kit;
pub mod list;
pub mod project;
pub mod purge;
pub mod queue;
pub mod race;
pub mod revoke;
pub mod tenant;
