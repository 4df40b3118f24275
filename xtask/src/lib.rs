//! Developer commands of KubeNova: a real test cluster, a private Postgres, the demo, benchmarks, house rules, the whole
//! test run.
//!
//! Reading order: [`host`] (the machine we run on), [`cluster`], [`db`], [`demo`], [`mod@bench`], [`tidy`], [`mod@test`].

pub mod bench;
pub mod cluster;
pub mod db;
pub mod demo;
mod failure;
pub mod host;
pub mod test;
pub mod tidy;

pub use failure::{Context, Failure, Result};
