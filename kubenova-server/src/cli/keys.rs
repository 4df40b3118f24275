//! `keys generate`: fresh keys in files that only their owner may read.

use std::path::Path;

use kubenova_core::value::Secret;

use super::{StartError, args::KeyKind, private};
use crate::{auth::SigningKey, wire};

/// Writes a fresh key; never over an existing file, never to the terminal.
pub(super) fn generate(kind: KeyKind, file: &Path) -> Result<(), StartError> {
    let fresh = match kind {
        KeyKind::Signing => {
            let pem = SigningKey::generate_pem().map_err(|e| StartError::because("key", &e))?;
            Secret::new(pem.as_bytes())
        }
        KeyKind::Seal => wire::fresh_seal_key()?,
    };
    let named = || file.display().to_string();
    private::create(file, fresh.expose()).map_err(|error| StartError::new(named(), error))
}
