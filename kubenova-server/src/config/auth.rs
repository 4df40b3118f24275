//! Section `auth`: tokens of the API.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Tokens of the API.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Issuer written into our tokens and demanded from every token.
    pub issuer: String,
    /// Audience written into our tokens and demanded from every token.
    pub audience: String,
    /// Signing key: PKCS#8 PEM, EC P-256. Required with Postgres.
    pub signing_key_file: Option<PathBuf>,
    /// Where an admin token is written at start when none is valid.
    pub bootstrap_token_file: Option<PathBuf>,
}
