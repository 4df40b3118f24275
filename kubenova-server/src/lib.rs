//! Contents of the crate.

pub mod config;
pub mod listen;
pub mod telemetry;
