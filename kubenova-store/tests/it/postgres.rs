//! The Postgres store.

mod audit;
mod away;
mod lanes;
mod lost;
mod migrate;
mod proxy;
mod rotate;
mod secret;
mod silent;
mod two;

use crate::fixture;

kubenova_core::store_conformance!(conformance, fixture::postgres());
