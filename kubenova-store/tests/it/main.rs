//! Both stores against the conformance suites, and what only one of them has.
#![cfg(test)]

mod fixture;
mod memory;
mod postgres;
