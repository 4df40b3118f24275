//! Contents of the crate.

pub mod config;
