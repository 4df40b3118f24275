//! The Postgres store.

use crate::fixture;

kubenova_core::store_conformance!(conformance, fixture::postgres());
