//! Section `reconcile`: how clusters follow intent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How clusters follow intent.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// Objects worked on at one time.
    pub workers: usize,
    /// Share of one cluster in them.
    pub per_cluster: usize,
    /// Every object is looked at again after this time.
    #[serde(with = "humantime_serde")]
    pub resync: Duration,
}
