//! Mocks, builders and the conformance suites of every port.
//!
//! - [`build`]: `a_tenant().label("team", "blue").build()`; everything that a test does not say has a sensible value.
//! - [`clock`]: time that a test sets, ids that a test foresees.
//! - [`suite`]: what every adapter of a port must do; macros turn it into tests of one adapter.

pub mod build;
pub mod clock;
pub mod suite;
