//! The cluster ports on a real Kubernetes with Capsule: every step, and what a kubeconfig of ours may do.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod access;
mod converge;
mod drift;
mod foreign;
mod kit;
mod posture;
mod proxied;
mod release;
mod suite;
