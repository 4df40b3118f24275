//! Audit entries in memory, chained as in Postgres.

use kubenova_core::domain::audit::AuditEntry;

use crate::audit::{GENESIS, block_hash, content};

/// An audit entry with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Sequence number, from 1, without gaps.
    pub seq: u64,
    /// The entry.
    pub entry: AuditEntry,
    /// Hash of the block before the entry's block.
    pub previous: [u8; 32],
    /// Hash of the entry's block: over `previous` and all entries of the block.
    pub hash: [u8; 32],
}

#[derive(Debug, Default)]
pub(super) struct Audit(Vec<AuditRecord>);

impl Audit {
    /// Appends the entries of one change set as one block.
    pub(super) fn append(&mut self, entries: Vec<AuditEntry>) {
        if entries.is_empty() {
            return;
        }
        let previous = self.0.last().map_or(GENESIS, |record| record.hash);
        let hash = block_hash(&previous, &content(&entries));
        for entry in entries {
            let seq = self.0.len() as u64 + 1;
            self.0.push(AuditRecord {
                seq,
                entry,
                previous,
                hash,
            });
        }
    }

    pub(super) fn records(&self) -> Vec<AuditRecord> {
        self.0.clone()
    }
}
