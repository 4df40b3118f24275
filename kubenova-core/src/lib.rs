//! The domain of KubeNova, without I/O.
//!
//! Reading order: [`value`] (correct by construction) → [`access`] (who may do what) → [`domain`] (aggregates and use
//! cases) → [`change`] (a write is a value) → [`ports`] (what the domain needs from outside) → [`reconcile`] (observe,
//! plan, apply, record).
//!
//! ```text
//! use case:   gather ─► decide (pure) ─► commit(ChangeSet)
//! reconcile:  observe ─► plan (pure) ─► apply ─► record
//! ```

pub mod access;
pub mod change;
pub mod domain;
pub mod error;
pub mod ports;
pub mod reconcile;
pub mod value;

#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use error::{Error, Kind};
