//! `keys generate`: fresh keys in files that only their owner may read.

use std::path::Path;

use super::{StartError, args::KeyKind, private};
use crate::{auth::SigningKey, wire};

/// Writes a fresh key; never over an existing file, never to the terminal.
pub(super) fn generate(kind: KeyKind, file: &Path) -> Result<(), StartError> {
    let key = match kind {
        KeyKind::Signing => {
            SigningKey::generate_pem().map_err(|e| StartError::because("key", &e))?
        }
        KeyKind::Seal => wire::fresh_seal_key()?,
    };
    let named = || file.display().to_string();
    private::create(file, key.as_bytes()).map_err(|error| StartError::new(named(), error))
}
