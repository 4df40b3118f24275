//! The aggregates, one module a noun: a model of intent and status, and the use cases on it.

pub mod audit;
pub mod bounds;
pub mod cluster;
pub mod credential;
pub mod project;
pub mod service;
pub mod tenant;
