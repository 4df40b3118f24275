//! One client per cluster: pinned addresses, bounded answers, no proxy, no redirect, no retry of its own.

mod body;
mod build;
pub(crate) mod fault;
mod lines;
mod resolve;

pub use build::{ClientOptions, connect};
