//! From a request to a use case and back: what every route shares.

pub mod answer;
mod app;
pub mod cursor;
mod error;
pub mod extract;
pub mod json;
mod problem;
pub mod rim;
pub mod router;

pub use answer::Answer;
pub use app::App;
pub(crate) use error::chain;
pub use problem::{Detail, Envelope, Problem, Refusals};
