//! A store in the memory of one process: tables behind one lock, gone with the process.

mod apply;
mod audit;
mod check;
mod issued;
mod named;
mod purge;
mod queue;
mod read;
mod revoke;
mod tables;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use kubenova_core::change::ChangeSet;
use kubenova_core::ports::Clock;
use kubenova_core::ports::store::{Commit, CommitError, Health, StoreError, StoreHealth};

pub use audit::AuditRecord;

use crate::wake::Wake;
use tables::Tables;

/// The store.
///
/// A change set is applied under the write lock, each write leaving its inverse in a journal; a refusal plays the journal
/// back. So a reader sees all of a change set or nothing, and nobody waits for more than one change set.
/// The audit log is bounded: its oldest blocks go when there are more than 20 000 entries.
/// Kubeconfigs are kept as [`Secret`](kubenova_core::value::Secret)s and sealed nowhere, because nothing is written.
pub struct MemoryStore {
    tables: RwLock<Tables>,
    wake: Wake,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// An empty store. `clock` tells when a revocation was seen.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            tables: RwLock::new(Tables::default()),
            wake: Wake::new(),
            clock,
        }
    }

    /// The newest audit entries, at most 20 000, oldest first, with the hash chain that covers them: the first one names
    /// the hash of the block that went before it.
    pub fn audit(&self) -> Vec<AuditRecord> {
        self.read().audit.records()
    }

    // A panic under the lock is a defect that was already reported; the tables are whole, because journals are played
    // back by the next commit.
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.roll_back();
        tables
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(..)")
    }
}

#[async_trait]
impl Commit for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let now = self.clock.now();
        let asked = self.write().commit(changes, now)?;
        if asked {
            self.wake.wake();
        }
        Ok(())
    }
}

#[async_trait]
impl Health for MemoryStore {
    async fn health(&self) -> Result<StoreHealth, StoreError> {
        Ok(StoreHealth {
            migration: None,
            expected: None,
        })
    }
}
