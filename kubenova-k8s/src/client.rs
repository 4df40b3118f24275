//! One client per cluster: pinned addresses, bounded answers, no proxy, no redirect, no retry of its own.

mod body;
mod build;
mod resolve;

pub use build::{ClientOptions, connect};
