//! The hash chain over audit entries: one block per database transaction.

use aws_lc_rs::digest::{SHA256, digest};

use kubenova_core::domain::audit::AuditEntry;

/// What the first block follows.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// The bytes a block covers: every entry's canonical form behind its length, so that entries cannot be regrouped.
pub(crate) fn content<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let bytes = entry.canonical();
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&bytes);
    }
    out
}

/// The hash of a block: SHA-256 over the hash before it and its content. Postgres computes the same by `sha256(..)`.
pub(crate) fn block_hash(previous: &[u8], content: &[u8]) -> [u8; 32] {
    let mut covered = Vec::with_capacity(previous.len() + content.len());
    covered.extend_from_slice(previous);
    covered.extend_from_slice(content);
    let mut out = GENESIS;
    out.copy_from_slice(digest(&SHA256, &covered).as_ref());
    out
}
