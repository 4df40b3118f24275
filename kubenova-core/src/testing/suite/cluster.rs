//! What every cluster must do, as functions over a [`Ground`]: the adapter, and somebody else who works behind its back.
//!
//! Others use the same cluster at the same time, so every function has names of its own and leaves nothing behind; what a
//! cluster deletes in its own time is not waited for where the deletion is not the matter.

pub mod account;
pub mod binding;
mod ground;
mod kit;
pub mod platform;
pub mod probe;
pub mod project;
pub mod release;
pub mod tenant;
pub mod watch;

pub use ground::Ground;
