//! Contents of the crate.

pub mod auth;
pub mod config;
mod dto;
pub mod http;
pub mod listen;
mod route;
pub mod system;
pub mod telemetry;
pub mod worker;
