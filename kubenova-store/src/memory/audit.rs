//! Audit entries in memory, chained as in Postgres; the oldest go when there are too many.

use std::collections::VecDeque;

use kubenova_core::domain::audit::AuditEntry;

use crate::audit::{GENESIS, block_hash, content};

/// So many entries are kept, about 10 MiB of them. Who needs all of them needs Postgres.
pub(super) const KEPT: usize = 20_000;

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

/// The newest entries, in the order of the chain. Blocks leave it whole, so that every block that is left can be
/// checked; the oldest one names the hash of the one that went.
#[derive(Debug)]
pub(super) struct Audit {
    records: VecDeque<AuditRecord>,
    /// How many there ever were.
    seq: u64,
    /// The end of the chain.
    hash: [u8; 32],
    kept: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self::keeping(KEPT)
    }
}

impl Audit {
    fn keeping(kept: usize) -> Self {
        Self {
            records: VecDeque::new(),
            seq: 0,
            hash: GENESIS,
            kept,
        }
    }

    /// Appends the entries of one change set as one block.
    pub(super) fn append(&mut self, entries: Vec<AuditEntry>) {
        if entries.is_empty() {
            return;
        }
        let previous = self.hash;
        self.hash = block_hash(&previous, &content(&entries));
        for entry in entries {
            self.seq += 1;
            self.records.push_back(AuditRecord {
                seq: self.seq,
                entry,
                previous,
                hash: self.hash,
            });
        }
        self.trim();
    }

    /// Oldest first.
    pub(super) fn records(&self) -> Vec<AuditRecord> {
        self.records.iter().cloned().collect()
    }

    /// Drops the oldest blocks; the newest one stays, however large it is.
    fn trim(&mut self) {
        while self.records.len() > self.kept {
            let Some(oldest) = self.records.front().map(|record| record.hash) else {
                return;
            };
            if oldest == self.hash {
                return;
            }
            while self
                .records
                .front()
                .is_some_and(|record| record.hash == oldest)
            {
                self.records.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kubenova_core::testing::build::a_change;

    use super::*;

    fn entries(n: usize, many: usize) -> Vec<AuditEntry> {
        (0..many)
            .flat_map(|of| a_change(&format!("block-{n}-{of}")).audit)
            .collect()
    }

    /// Checks that what is left is one unbroken chain that ends at the newest entry.
    fn check(audit: &Audit) -> Vec<AuditRecord> {
        let records = audit.records();
        for pair in records.windows(2) {
            assert_eq!(pair[0].seq + 1, pair[1].seq, "no gaps");
            let same = pair[0].hash == pair[1].hash;
            assert!(
                same || pair[1].previous == pair[0].hash,
                "no block is missing"
            );
        }
        for block in records.chunk_by(|a, b| a.hash == b.hash) {
            let covered: Vec<&AuditEntry> = block.iter().map(|record| &record.entry).collect();
            assert_eq!(
                block_hash(&block[0].previous, &content(covered)),
                block[0].hash,
                "whole"
            );
        }
        records
    }

    #[test]
    fn the_oldest_blocks_go_and_the_rest_is_still_a_chain() {
        let mut audit = Audit::keeping(10);
        for n in 0..40 {
            audit.append(entries(n, 1 + n % 4));
            let records = check(&audit);
            assert!(records.len() <= 10);
            assert_eq!(records.last().map(|record| record.seq), Some(audit.seq));
        }
        assert_eq!(audit.seq, 100);
        assert!(audit.records().len() > 6, "no more went than had to");
        audit.append(entries(40, 12));
        assert_eq!(check(&audit).len(), 12, "the newest block stays whole");
        audit.append(entries(41, 1));
        assert_eq!(check(&audit).len(), 1);
    }

    #[test]
    fn the_chain_begins_at_its_genesis_and_an_empty_block_is_none() {
        let mut audit = Audit::default();
        audit.append(Vec::new());
        assert!(audit.records().is_empty());
        audit.append(entries(0, 2));
        let records = check(&audit);
        assert_eq!((records[0].seq, records[0].previous), (1, GENESIS));
    }
}
