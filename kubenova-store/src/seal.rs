//! Sealing of secrets at rest: an envelope per record, opened by the keys of a keyring.

mod envelope;
mod keyring;

pub use keyring::{Keyring, generate_key_file_contents};

/// Where a cluster's kubeconfig belongs: what its envelope is bound to.
pub fn kubeconfig_of(cluster: kubenova_core::value::ClusterId) -> String {
    format!("clusters/{cluster}/kubeconfig")
}

/// Why something was not sealed or opened. Never says anything about the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A key file has another shape than `id: <key id>` and 32 bytes in base64.
    #[error("key file {file}: {why}")]
    KeyFile {
        /// Which one, from 1.
        file: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No key at all.
    #[error("there is no sealing key")]
    NoKey,
    /// The envelope names a key that is not loaded.
    #[error("sealed under the key {0}, which is not loaded")]
    UnknownKey(String),
    /// The envelope was written by a version this one does not know, or was cut.
    #[error("not an envelope of a known version")]
    Format,
    /// The envelope was changed, belongs to another record, or was sealed under another key of the same id.
    #[error("the envelope does not open here")]
    Refused,
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto,
}
