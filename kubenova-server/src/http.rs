//! From a request to a use case and back: what every route shares.

pub mod cursor;
pub mod extract;
pub mod json;
mod problem;
pub mod rim;

pub use problem::{Detail, Envelope, Problem};
