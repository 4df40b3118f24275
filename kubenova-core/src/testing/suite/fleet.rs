//! What every fleet must do, as functions over a [`FleetGround`]: the adapter, and clusters that can be registered.

pub mod admission;
pub mod backends;
mod ground;
mod kit;
pub mod proxy;

pub use ground::{Address, FleetGround};
