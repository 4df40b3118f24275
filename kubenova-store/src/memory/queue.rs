//! The work set in memory, measured by a monotonic clock.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use kubenova_core::change::{Lease, Receipt, Work, WorkRequest};
use kubenova_core::ports::store::{Claim, ClaimRequest, Finish, StoreError, WorkQueue};
use kubenova_core::value::ClusterId;

use super::MemoryStore;
use super::tables::Tables;

/// One item of work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    cluster: ClusterId,
    ticket: u64,
    /// When to look; while it is held, the end of the lease unless somebody asked again.
    due: Instant,
    failures: u32,
    held: Option<(Lease, Instant)>,
}

impl Item {
    pub(super) fn is_held_by(&self, lease: Lease, now: Instant) -> bool {
        self.held
            .is_some_and(|(holder, until)| holder == lease && until > now)
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    items: HashMap<Work, Item>,
    /// Items nobody holds, by cluster and time.
    free: HashMap<ClusterId, BTreeSet<(Instant, Work)>>,
    /// Items somebody holds, by the end of the lease.
    held: BTreeSet<(Instant, Work)>,
    tickets: u64,
}

impl Queue {
    pub(super) fn get(&self, item: Work) -> Option<&Item> {
        self.items.get(&item)
    }

    pub(super) fn items_of(&self, cluster: ClusterId) -> impl Iterator<Item = Work> + '_ {
        let all = self.items.iter();
        all.filter(move |(_, item)| item.cluster == cluster)
            .map(|(work, _)| *work)
    }

    /// Writes or removes an item and answers what was there.
    pub(super) fn put(&mut self, work: Work, new: Option<Item>) -> Option<Item> {
        let old = self.items.remove(&work);
        if let Some(old) = &old {
            if let Some((_, until)) = old.held {
                self.held.remove(&(until, work));
            } else if let Some(free) = self.free.get_mut(&old.cluster) {
                free.remove(&(old.due, work));
                if free.is_empty() {
                    self.free.remove(&old.cluster);
                }
            }
        }
        if let Some(new) = new {
            match new.held {
                Some((_, until)) => drop(self.held.insert((until, work))),
                None => drop(
                    self.free
                        .entry(new.cluster)
                        .or_default()
                        .insert((new.due, work)),
                ),
            }
            self.items.insert(work, new);
        }
        old
    }

    fn next_ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// What lost its lease is free again.
    fn expire(&mut self, now: Instant) {
        while let Some((until, work)) = self
            .held
            .first()
            .copied()
            .filter(|(until, _)| *until <= now)
        {
            let Some(item) = self.items.get(&work).copied() else {
                self.held.remove(&(until, work));
                continue;
            };
            let due = item.due.min(until);
            self.put(
                work,
                Some(Item {
                    due,
                    held: None,
                    ..item
                }),
            );
        }
    }

    fn claim(&mut self, want: &ClaimRequest, now: Instant) -> Vec<Claim> {
        self.expire(now);
        let mut due: Vec<(Instant, Work)> = Vec::new();
        for (cluster, free) in &self.free {
            let cap = want.caps.iter().find(|(id, _)| id == cluster);
            let places = cap.map_or(want.per_cluster, |(_, places)| *places);
            due.extend(free.iter().take_while(|(at, _)| *at <= now).take(places));
        }
        due.sort_unstable();
        due.truncate(want.limit);
        let until = now + want.lease_for;
        due.into_iter()
            .filter_map(|(_, work)| self.take(work, want.lease, until))
            .collect()
    }

    fn take(&mut self, work: Work, lease: Lease, until: Instant) -> Option<Claim> {
        let item = *self.items.get(&work)?;
        self.put(
            work,
            Some(Item {
                due: until,
                held: Some((lease, until)),
                ..item
            }),
        );
        let ticket = item.ticket;
        Some(Claim {
            receipt: Receipt {
                item: work,
                ticket,
                lease,
            },
            cluster: item.cluster,
            failures: item.failures,
        })
    }

    fn extend(&mut self, receipt: Receipt, until: Instant, now: Instant) -> bool {
        let Some(item) = self.items.get(&receipt.item).copied() else {
            return false;
        };
        if !item.is_held_by(receipt.lease, now) {
            return false;
        }
        let due = if item.ticket == receipt.ticket {
            until
        } else {
            item.due
        };
        let held = Some((receipt.lease, until));
        self.put(receipt.item, Some(Item { due, held, ..item }));
        true
    }

    fn finish(&mut self, receipt: Receipt, how: Finish, now: Instant) {
        let Some(item) = self.items.get(&receipt.item).copied() else {
            return;
        };
        if item.held.is_none_or(|(holder, _)| holder != receipt.lease) {
            return;
        }
        let free = Item { held: None, ..item };
        let again = |after, failures| {
            Some(Item {
                due: now + after,
                failures,
                ..free
            })
        };
        let new = match how {
            // Somebody asked again meanwhile: only the lease goes.
            Finish::Done | Finish::Again(_) | Finish::Failed(_)
                if item.ticket != receipt.ticket =>
            {
                Some(free)
            }
            Finish::Done => None,
            Finish::Again(after) => again(after, 0),
            Finish::Failed(after) => again(after, item.failures.saturating_add(1)),
        };
        self.put(receipt.item, new);
    }

    fn next_due(&self, now: Instant) -> Option<Duration> {
        let free = self.free.values().filter_map(|free| free.first());
        let next = free.chain(self.held.first()).map(|(at, _)| *at).min()?;
        Some(next.saturating_duration_since(now))
    }
}

impl Tables {
    /// Asks for an item: a new ticket, due at the earlier of both times, failures forgotten.
    pub(super) fn ask(&mut self, request: WorkRequest, now: Instant) {
        let ticket = self.queue.next_ticket();
        let due = now + request.after;
        let new = match self.queue.get(request.item) {
            Some(old) => Item {
                cluster: request.cluster,
                ticket,
                due: old.due.min(due),
                failures: 0,
                held: old.held,
            },
            None => Item {
                cluster: request.cluster,
                ticket,
                due,
                failures: 0,
                held: None,
            },
        };
        self.put_work(request.item, Some(new));
    }

    fn everything(&self, only: Option<ClusterId>) -> Vec<(Work, ClusterId)> {
        let clusters = self
            .clusters
            .rows()
            .map(|row| (Work::Cluster(row.id), row.id));
        let tenants = self
            .tenants
            .rows()
            .map(|row| (Work::Tenant(row.id), row.cluster));
        let projects = self
            .projects
            .rows()
            .map(|row| (Work::Project(row.id), row.cluster));
        let living = self
            .grants
            .rows()
            .filter(|row| row.revocation.credential_dead_at.is_none());
        let grants = living.map(|row| (Work::Grant(row.id), row.cluster));
        let all = clusters.chain(tenants).chain(projects).chain(grants);
        all.filter(|(_, cluster)| only.is_none_or(|only| only == *cluster))
            .collect()
    }
}

#[async_trait]
impl WorkQueue for MemoryStore {
    async fn claim(&self, want: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        let seen = self.wake.count();
        let claims = self.write().queue.claim(&want, Instant::now());
        if claims.len() < want.limit {
            self.wake.drained(seen);
        }
        Ok(claims)
    }

    async fn extend(
        &self,
        receipts: &[Receipt],
        lease_for: Duration,
    ) -> Result<Vec<Receipt>, StoreError> {
        let now = Instant::now();
        let mut tables = self.write();
        let mut held = receipts.to_vec();
        held.retain(|receipt| tables.queue.extend(*receipt, now + lease_for, now));
        Ok(held)
    }

    async fn finish(&self, receipt: Receipt, how: Finish) -> Result<(), StoreError> {
        self.write().queue.finish(receipt, how, Instant::now());
        Ok(())
    }

    async fn ask(&self, items: Vec<WorkRequest>) -> Result<(), StoreError> {
        let now = Instant::now();
        let mut tables = self.write();
        for request in items {
            tables.ask(request, now);
        }
        tables.settle();
        drop(tables);
        self.wake.wake();
        Ok(())
    }

    async fn ask_everything(
        &self,
        cluster: Option<ClusterId>,
        spread: Duration,
    ) -> Result<(), StoreError> {
        let now = Instant::now();
        let mut tables = self.write();
        let all = tables.everything(cluster);
        let each = spread / u32::try_from(all.len().max(1)).unwrap_or(u32::MAX);
        for (n, (item, cluster)) in (0_u32..).zip(all) {
            tables.ask(
                WorkRequest {
                    item,
                    cluster,
                    after: each * n,
                },
                now,
            );
        }
        tables.settle();
        drop(tables);
        self.wake.wake();
        Ok(())
    }

    async fn woken(&self) {
        self.wake.woken().await;
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        Ok(self.read().queue.next_due(Instant::now()))
    }
}
