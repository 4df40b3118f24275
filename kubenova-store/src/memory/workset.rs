//! The work set: rows by item, and the same by due time, so that a claim never looks at what is not due.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use kubenova_core::change::{Lease, Receipt, Work, WorkRequest};
use kubenova_core::ports::store::{Claim, ClaimRequest, Finish};
use kubenova_core::value::ClusterId;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct WorkSet {
    rows: HashMap<Work, Row>,
    schedule: BTreeSet<(Instant, Work)>,
    tickets: u64,
}

struct Row {
    cluster: ClusterId,
    ticket: u64,
    due: Instant,
    failures: u32,
    held: Option<(Lease, Instant)>,
}

impl WorkSet {
    /// Asks for an item: a new ticket, due at the earlier time, failures forgotten.
    pub(super) fn ask(&mut self, request: WorkRequest) {
        self.tickets += 1;
        let (ticket, due) = (self.tickets, Instant::now() + request.after);
        let WorkRequest { item, cluster, .. } = request;
        let Some(row) = self.rows.get_mut(&item) else {
            self.rows.insert(
                item,
                Row {
                    cluster,
                    ticket,
                    due,
                    failures: 0,
                    held: None,
                },
            );
            self.schedule.insert((due, item));
            return;
        };
        row.ticket = ticket;
        row.failures = 0;
        if due < row.due {
            self.schedule.remove(&(row.due, item));
            row.due = due;
            self.schedule.insert((due, item));
        }
    }

    /// Asks for an item unless somebody asked for it already and nobody works on it.
    pub(super) fn ask_once(&mut self, request: WorkRequest) {
        let waiting = self.rows.get(&request.item).is_some_and(|row| {
            row.held.is_none() && row.failures == 0 && row.due <= Instant::now() + request.after
        });
        if !waiting {
            self.ask(request);
        }
    }

    pub(super) fn remove(&mut self, item: Work) {
        if let Some(row) = self.rows.remove(&item) {
            self.schedule.remove(&(row.due, item));
        }
    }

    pub(super) fn remove_cluster(&mut self, cluster: ClusterId) {
        let gone: Vec<Work> = self
            .rows
            .iter()
            .filter(|(_, row)| row.cluster == cluster)
            .map(|(item, _)| *item)
            .collect();
        for item in gone {
            self.remove(item);
        }
    }

    /// Whether the turn still stands.
    pub(super) fn holds(&self, receipt: Receipt) -> bool {
        let held = self.rows.get(&receipt.item).and_then(|row| row.held);
        held.is_some_and(|(lease, until)| lease == receipt.lease && until > Instant::now())
    }

    pub(super) fn claim(&mut self, want: &ClaimRequest) -> Vec<Claim> {
        let now = Instant::now();
        let caps: HashMap<ClusterId, usize> = want.caps.iter().copied().collect();
        let mut left: HashMap<ClusterId, usize> = HashMap::new();
        let mut claims = Vec::new();
        for (_, item) in self.schedule.iter().take_while(|(due, _)| *due <= now) {
            if claims.len() == want.limit {
                break;
            }
            let Some(row) = self.rows.get_mut(item) else {
                continue;
            };
            let free = left
                .entry(row.cluster)
                .or_insert_with(|| caps.get(&row.cluster).copied().unwrap_or(want.per_cluster));
            if *free == 0 || row.held.is_some_and(|(_, until)| until > now) {
                continue;
            }
            *free -= 1;
            row.held = Some((want.lease, now + want.lease_for));
            let receipt = Receipt {
                item: *item,
                ticket: row.ticket,
                lease: want.lease,
            };
            claims.push(Claim {
                receipt,
                cluster: row.cluster,
                failures: row.failures,
            });
        }
        claims
    }

    pub(super) fn extend(&mut self, receipt: Receipt, lease_for: Duration) -> bool {
        let holds = self.holds(receipt);
        if let Some(row) = self.rows.get_mut(&receipt.item).filter(|_| holds) {
            row.held = Some((receipt.lease, Instant::now() + lease_for));
        }
        holds
    }

    /// Returns whether the item is due again because somebody asked meanwhile.
    pub(super) fn finish(&mut self, receipt: Receipt, how: Finish) -> bool {
        let item = receipt.item;
        let Some(row) = self.rows.get_mut(&item) else {
            return false;
        };
        if row.held.is_none_or(|(lease, _)| lease != receipt.lease) {
            return false;
        }
        row.held = None;
        if row.ticket != receipt.ticket {
            return true;
        }
        let (after, failures) = match how {
            Finish::Done => {
                self.remove(item);
                return false;
            }
            Finish::Again(after) => (after, 0),
            Finish::Failed(after) => (after, row.failures.saturating_add(1)),
        };
        self.schedule.remove(&(row.due, item));
        row.due = Instant::now() + after;
        row.failures = failures;
        self.schedule.insert((row.due, item));
        false
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        let now = Instant::now();
        // Rows sort by due time; a held one is free again when its lease ends.
        let mut earliest: Option<Instant> = None;
        for (due, item) in &self.schedule {
            if earliest.is_some_and(|best| best <= *due) {
                break;
            }
            let until = self
                .rows
                .get(item)
                .and_then(|row| row.held)
                .map_or(*due, |(_, until)| until);
            let free = until.max(*due);
            earliest = Some(earliest.map_or(free, |best| best.min(free)));
        }
        earliest.map(|at| at.saturating_duration_since(now))
    }
}
