//! The only ways into a handler: each turns part of a request into something that can be relied on.

mod body;
mod query;

pub use body::{Body, OptionalBody};
pub use query::{Limit, Query};
