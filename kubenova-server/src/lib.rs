//! Contents of the crate.

pub mod auth;
mod bootstrap;
pub mod cli;
pub mod config;
mod dto;
pub mod http;
pub mod listen;
mod route;
pub mod run;
mod start_error;
pub mod system;
pub mod telemetry;
mod wire;
pub mod worker;

pub use start_error::StartError;
