//! Mocks, builders and the conformance suites of every port.
//!
//! - [`build`]: `a_tenant().label("team", "blue").build()`; everything that a test does not say has a sensible value.
//! - [`clock`]: time that a test sets, ids that a test foresees.
//! - [`suite`]: what every store must do, as functions over `&dyn Store`;
//!   [`store_conformance!`](crate::store_conformance) turns them into tests of one store.

pub mod build;
pub mod clock;
pub mod suite;
