//! KubeNova's ports on real Kubernetes: Capsule for tenants, and the access proxies.

pub mod manifest;
pub mod tenancy;
mod watch;
