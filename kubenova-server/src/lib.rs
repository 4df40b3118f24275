//! Contents of the crate.

pub mod auth;
pub mod config;
pub mod http;
pub mod listen;
pub mod system;
pub mod telemetry;
