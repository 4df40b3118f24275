//! Rows of one parent in list order, and the same by label.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use kubenova_core::value::selector::Operator;
use kubenova_core::value::{LabelSelector, Position};
use uuid::Uuid;

/// The sort key of lists: (name, id).
pub(super) type Key = (String, Uuid);

/// An index over rows that have a parent, a name, an id and labels.
#[derive(Debug, Default)]
pub(super) struct Index {
    order: HashMap<Uuid, BTreeSet<Key>>,
    /// By parent, label key and value.
    labels: HashMap<(Uuid, String, String), BTreeSet<Key>>,
}

impl Index {
    pub(super) fn insert(&mut self, parent: Uuid, key: &Key, labels: &BTreeMap<String, String>) {
        self.order.entry(parent).or_default().insert(key.clone());
        for (name, value) in labels {
            let place = (parent, name.clone(), value.clone());
            self.labels.entry(place).or_default().insert(key.clone());
        }
    }

    pub(super) fn remove(&mut self, parent: Uuid, key: &Key, labels: &BTreeMap<String, String>) {
        take(&mut self.order, &parent, key);
        for (name, value) in labels {
            take(
                &mut self.labels,
                &(parent, name.clone(), value.clone()),
                key,
            );
        }
    }

    /// Whether the parent has any row.
    pub(super) fn has_any(&self, parent: Uuid) -> bool {
        self.order.contains_key(&parent)
    }

    /// The ids under a parent, in order.
    pub(super) fn ids(&self, parent: Uuid) -> Vec<Uuid> {
        self.order
            .get(&parent)
            .into_iter()
            .flatten()
            .map(|(_, id)| *id)
            .collect()
    }

    /// The ids after a position, driven by the smallest set that an equality of the selector gives.
    pub(super) fn walk<'a>(
        &'a self,
        parent: Uuid,
        selector: &LabelSelector,
        after: Option<&Position>,
    ) -> impl Iterator<Item = Uuid> + use<'a> {
        let mut driver = self.order.get(&parent);
        for requirement in selector.requirements() {
            let Operator::In(values) = &requirement.operator else {
                continue;
            };
            let [value] = values.as_slice() else { continue };
            let place = (parent, requirement.key.clone(), value.clone());
            match self.labels.get(&place) {
                Some(set) if driver.is_none_or(|best| set.len() < best.len()) => driver = Some(set),
                Some(_) => {}
                None => driver = None,
            }
            if driver.is_none() {
                break;
            }
        }
        let from = after.map_or(Bound::Unbounded, |p| Bound::Excluded((p.key.clone(), p.id)));
        driver
            .into_iter()
            .flat_map(move |set| set.range((from.clone(), Bound::Unbounded)))
            .map(|key| key.1)
    }
}

fn take<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeSet<Key>>, place: &K, key: &Key) {
    if let Some(set) = map.get_mut(place) {
        set.remove(key);
        if set.is_empty() {
            map.remove(place);
        }
    }
}
