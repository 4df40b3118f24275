//! What stands between issued kubeconfigs and the API server: nothing, some address, or a capsule-proxy.

mod capsule;
mod custom;
mod direct;
mod hostile;

pub use capsule::CapsuleProxy;
pub use custom::CustomProxy;
pub use direct::DirectProxy;
