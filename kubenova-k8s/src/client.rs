//! One client per cluster: pinned addresses, bounded answers, no proxy, no redirect, few repetitions, of what may be repeated only.

mod body;
mod build;
pub(crate) mod fault;
mod lines;
mod quiet;
mod repeat;
mod resolve;

pub use build::{ClientOptions, connect};
pub(crate) use quiet::quietly;
