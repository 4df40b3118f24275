//! Contents of the crate.

pub mod auth;
pub mod cli;
pub mod config;
mod dto;
pub mod http;
pub mod listen;
mod route;
pub mod telemetry;
mod wire;
pub mod worker;

pub use cli::{Role, Server, StartError};
pub use wire::{SystemClock, SystemIds};
