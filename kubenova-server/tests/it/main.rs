//! The API over adapters in memory: every operation, every caller, good and bad input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod log;
mod world;

mod document;
mod operations;
mod process;
mod security;
