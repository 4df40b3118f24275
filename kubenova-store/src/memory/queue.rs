//! The work set in memory, measured by the monotonic clock.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use kubenova_core::change::{Receipt, Work, WorkRequest};
use kubenova_core::ports::store::{Claim, ClaimRequest, Finish, StoreError, WorkQueue};
use kubenova_core::value::ClusterId;

use super::MemoryStore;
use super::tables::Tables;

#[async_trait]
impl WorkQueue for MemoryStore {
    async fn claim(&self, want: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        Ok(self.write().work.claim(&want))
    }

    async fn extend(&self, receipt: Receipt, lease_for: Duration) -> Result<bool, StoreError> {
        Ok(self.write().work.extend(receipt, lease_for))
    }

    async fn finish(&self, receipt: Receipt, how: Finish) -> Result<(), StoreError> {
        let woke = self.write().work.finish(receipt, how);
        if woke {
            self.wake_all();
        }
        Ok(())
    }

    async fn ask(&self, items: Vec<WorkRequest>) -> Result<(), StoreError> {
        {
            let mut tables = self.write();
            for item in items {
                tables.work.ask(item);
            }
        }
        self.wake_all();
        Ok(())
    }

    async fn ask_everything(
        &self,
        cluster: Option<ClusterId>,
        spread: Duration,
    ) -> Result<(), StoreError> {
        {
            let mut tables = self.write();
            let items = everything(&tables, cluster);
            let step = spread / u32::try_from(items.len().max(1)).unwrap_or(u32::MAX);
            for (n, (item, cluster)) in (0_u32..).zip(items) {
                tables.work.ask_once(WorkRequest {
                    item,
                    cluster,
                    after: step * n,
                });
            }
        }
        self.wake_all();
        Ok(())
    }

    async fn woken(&self) {
        let mut turn = self.wake.subscribe();
        // What woke somebody between two calls counts: nothing is missed.
        let missed = *turn.borrow_and_update() != self.seen.load(Ordering::Acquire);
        if !missed {
            // Fails only when the sender is gone, and that is in `self`.
            let _ = turn.changed().await;
        }
        let now = *turn.borrow_and_update();
        self.seen.store(now, Ordering::Release);
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        Ok(self.read().work.next_due())
    }
}

fn everything(tables: &Tables, cluster: Option<ClusterId>) -> Vec<(Work, ClusterId)> {
    let wanted = |id: ClusterId| cluster.is_none_or(|only| only == id);
    let clusters = tables.clusters.keys().map(|id| (Work::Cluster(*id), *id));
    let tenants = tables
        .tenants
        .values()
        .map(|row| (Work::Tenant(row.id), row.cluster));
    let projects = tables
        .projects
        .values()
        .map(|row| (Work::Project(row.id), row.cluster));
    let living = tables
        .grants
        .values()
        .filter(|row| row.revocation.credential_dead_at.is_none());
    let grants = living.map(|row| (Work::Grant(row.id), row.cluster));
    clusters
        .chain(tenants)
        .chain(projects)
        .chain(grants)
        .filter(|(_, id)| wanted(*id))
        .collect()
}
