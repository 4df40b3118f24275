//! Developer commands of KubeNova: a real test cluster, a private Postgres, house rules, the whole test run.
//!
//! Reading order: [`host`] (the machine we run on), [`cluster`], [`db`], [`tidy`], [`mod@test`].

pub mod cluster;
pub mod db;
mod failure;
pub mod host;
pub mod test;
pub mod tidy;

pub use failure::{Context, Failure, Result};
