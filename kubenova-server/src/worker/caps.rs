//! The bulkhead: how many workers each cluster may hold.

use std::collections::{HashMap, HashSet};

use kubenova_core::value::ClusterId;

/// A cluster that is away holds at most this many workers.
const AWAY: usize = 2;

/// Who holds workers now.
#[derive(Debug)]
pub(super) struct Caps {
    per_cluster: usize,
    running: HashMap<ClusterId, usize>,
    away: HashSet<ClusterId>,
}

impl Caps {
    pub(super) fn new(per_cluster: usize) -> Self {
        Self {
            per_cluster,
            running: HashMap::new(),
            away: HashSet::new(),
        }
    }

    /// A worker begins on a cluster.
    pub(super) fn begin(&mut self, cluster: ClusterId) {
        *self.running.entry(cluster).or_default() += 1;
    }

    /// A worker is done with a cluster, which answered or not.
    pub(super) fn end(&mut self, cluster: ClusterId, away: bool) {
        if let Some(count) = self.running.get_mut(&cluster) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.running.remove(&cluster);
            }
        }
        if away {
            self.away.insert(cluster);
        } else {
            self.away.remove(&cluster);
        }
    }

    /// Free places of every cluster that does not have all of them.
    pub(super) fn free(&self) -> Vec<(ClusterId, usize)> {
        let touched: HashSet<_> = self.running.keys().chain(&self.away).copied().collect();
        let free = |cluster: ClusterId| {
            let share = if self.away.contains(&cluster) {
                AWAY
            } else {
                usize::MAX
            };
            let share = share.min(self.per_cluster);
            share.saturating_sub(self.running.get(&cluster).copied().unwrap_or_default())
        };
        touched
            .into_iter()
            .map(|cluster| (cluster, free(cluster)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_is_away_holds_two_workers_at_most() {
        let (well, ill) = (ClusterId::nth(1), ClusterId::nth(2));
        let mut caps = Caps::new(8);
        assert!(caps.free().is_empty());
        for _ in 0..3 {
            caps.begin(well);
            caps.begin(ill);
        }
        caps.end(ill, true);
        let free: HashMap<_, _> = caps.free().into_iter().collect();
        assert_eq!((free[&well], free[&ill]), (5, 0));
        caps.end(ill, true);
        caps.end(ill, true);
        assert_eq!(caps.free().into_iter().collect::<HashMap<_, _>>()[&ill], 2);
        caps.begin(ill);
        caps.end(ill, false);
        assert!(
            !caps.free().iter().any(|(cluster, _)| *cluster == ill),
            "it is back"
        );
    }
}
