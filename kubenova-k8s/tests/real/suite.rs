//! The real cluster against the suites that the simulation keeps too.

mod cluster;
mod fleet;
mod somebody;
