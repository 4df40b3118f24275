//! Records of issued kubeconfigs.

mod get;
mod list;
mod revoke;

pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use revoke::*;
