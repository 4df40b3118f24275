//! API tokens.

mod issue;
mod list;
mod revoke;

pub(crate) use issue::*;
pub(crate) use list::*;
pub(crate) use revoke::*;
