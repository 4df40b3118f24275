//! Stores to test.

use std::sync::Arc;

use kubenova_core::testing::clock::TestClock;
use kubenova_store::memory::MemoryStore;

/// An empty store in memory.
pub(crate) async fn memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(TestClock::new())))
}
