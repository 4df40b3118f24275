//! Clusters.

mod bootstrap;
mod capabilities;
mod delete;
mod get;
mod list;
mod register;

pub(crate) use bootstrap::*;
pub(crate) use capabilities::*;
pub(crate) use delete::*;
pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use register::*;
