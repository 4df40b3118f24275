//! What the server tells about itself and about the caller.

mod features;
mod healthz;
mod me;
mod openapi;
mod readyz;
mod version;

pub(crate) use features::*;
pub(crate) use healthz::*;
pub(crate) use me::*;
pub(crate) use openapi::*;
pub(crate) use readyz::*;
pub(crate) use version::*;
