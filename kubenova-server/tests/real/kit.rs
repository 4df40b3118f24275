//! What the tests stand on: the place they run at, servers, callers, and somebody who looks at the cluster.

pub(crate) mod api;
pub(crate) mod eyes;
pub(crate) mod place;
pub(crate) mod server;
