//! The API over adapters in memory: every operation, every caller, good and bad input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod log;
mod world;

mod attacks;
mod canary;
mod clusters;
mod document;
mod grants;
mod hidden;
mod matrix;
mod projects;
mod system;
mod tenants;
mod tokens;
