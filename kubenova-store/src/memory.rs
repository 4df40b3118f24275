//! The store in memory: one lock, rows behind `Arc`, indexes in list order. Nothing survives the process.

mod apply;
mod check;
mod index;
mod queue;
mod read;
mod tables;
mod workset;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use kubenova_core::change::ChangeSet;
use kubenova_core::domain::audit::AuditEntry;
use kubenova_core::ports::store::{Commit, CommitError, Health, StoreError, StoreHealth};
use tokio::sync::watch;

use tables::Tables;

/// A [`Store`](kubenova_core::ports::Store) in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<RwLock<Tables>>,
    wake: watch::Sender<u64>,
    /// The last wake-up that a waiter saw.
    seen: Arc<AtomicU64>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStore(..)")
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            tables: Arc::default(),
            wake: watch::Sender::new(0),
            seen: Arc::default(),
        }
    }

    /// Audit entries, oldest first; the newest 100 000 are kept.
    pub fn audit_entries(&self) -> Vec<AuditEntry> {
        self.read().audit.iter().cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        // A poisoned lock means a panic between two assignments of ours; the tables are still readable.
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        self.wake.send_modify(|turn| *turn = turn.wrapping_add(1));
    }
}

#[async_trait]
impl Commit for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let woke = {
            let mut tables = self.write();
            check::all(&tables, &changes)?;
            apply::all(&mut tables, changes)
        };
        if woke {
            self.wake_all();
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
