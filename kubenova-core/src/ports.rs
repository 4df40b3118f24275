//! The ports: everything the domain needs from outside, as object-safe traits in the domain's words.

pub mod clock;
pub mod cluster;
pub mod fleet;
pub mod proxy;
pub mod store;

pub use clock::{Clock, Ids};
pub use cluster::{ClusterClient, ClusterError};
pub use fleet::{Backends, Fleet};
pub use proxy::ProxyBackend;
pub use store::Store;
