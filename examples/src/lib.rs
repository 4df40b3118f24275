//! What the examples share.
//!
//! - `machine`: what every program that embeds KubeNova writes once.
//! - `wishes`: commands with the values that the examples use.

mod machine;
mod wishes;

pub use machine::{MachineClock, MachineIds, work_once};
pub use wishes::{acme, simulated_cluster};
