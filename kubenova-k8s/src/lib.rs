//! KubeNova's ports on real Kubernetes: Capsule for tenants, and the access proxies.
//!
//! [`kubeconfig`] (hostile text, rebuilt) → [`client`] (one per cluster) → [`tenancy`] (the cluster ports on Capsule) and
//! [`proxy`] (where kubeconfigs point to), put together by [`fleet`]. [`manifest`] builds every object, purely.

pub mod client;
pub mod fleet;
pub mod kubeconfig;
pub mod manifest;
pub mod proxy;
pub mod tenancy;
mod watch;

pub use fleet::{FleetOptions, KubeFleet};
