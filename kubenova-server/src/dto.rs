//! Bodies of requests and answers: the only types that are (de)serialized, each converting to or from the domain.

pub(crate) mod bounds;
pub(crate) mod cluster;
pub(crate) mod common;
pub(crate) mod grant;
pub(crate) mod project;
pub(crate) mod system;
pub(crate) mod tenant;
pub(crate) mod token;
