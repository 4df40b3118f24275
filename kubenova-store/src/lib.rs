//! Persistence of KubeNova: two stores behind the ports of `kubenova-core`, and the sealing of secrets at rest.
//!
//! - [`memory`]: everything in one process, gone with it.
//! - [`postgres`]: Postgres, shared by any number of processes.
//! - [`seal`]: envelopes and the keyring that opens them.

#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod seal;

mod audit;
mod position;
mod wake;
