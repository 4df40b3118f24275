//! Section `seal`: keys that seal secrets at rest.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Keys that seal secrets at rest.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Key files, newest first: the first seals, all of them open. Required with Postgres.
    pub key_files: Vec<PathBuf>,
}
