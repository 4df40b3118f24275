//! One client per cluster: pinned addresses, bounded answers, no proxy, no redirect, few repetitions, of what may be repeated only.

mod body;
mod build;
pub(crate) mod fault;
mod lines;
mod quiet;
mod repeat;
mod resolve;
mod same;

pub use build::{ClientOptions, connect, connect_to};
pub(crate) use quiet::quietly;
