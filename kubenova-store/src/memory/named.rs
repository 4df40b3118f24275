//! A table of rows that have a name under a parent, with the indexes that lists walk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use uuid::Uuid;

use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::project::Project;
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::selector::Operator;
use kubenova_core::value::{
    ClusterId, LabelSelector, Labels, Name, Page, Paged, Position, ProjectId, TenantId,
};

/// A row with a name that is unique under its parent.
pub(super) trait Row: Clone {
    type Id: Copy + Ord + Hash;
    type Parent: Copy + Eq + Hash;

    fn id(&self) -> Self::Id;
    fn uuid(id: Self::Id) -> Uuid;
    fn parent(&self) -> Self::Parent;
    fn name(&self) -> &Name;
    fn labels(&self) -> &Labels;
}

macro_rules! row {
    ($row:ty, $id:ty, $parent:ty, $parent_of:expr) => {
        impl Row for $row {
            type Id = $id;
            type Parent = $parent;

            fn id(&self) -> $id {
                self.id
            }
            fn uuid(id: $id) -> Uuid {
                id.uuid()
            }
            fn parent(&self) -> $parent {
                let parent_of: fn(&Self) -> $parent = $parent_of;
                parent_of(self)
            }
            fn name(&self) -> &Name {
                &self.name
            }
            fn labels(&self) -> &Labels {
                &self.labels
            }
        }
    };
}

row!(Cluster, ClusterId, (), |_| ());
row!(Tenant, TenantId, ClusterId, |row| row.cluster);
row!(Project, ProjectId, TenantId, |row| row.tenant);

/// Names under one parent: list order, because they are unique there.
pub(super) type Names<Id> = BTreeMap<Name, Id>;

/// Key → value → the rows that carry it.
type ByLabel<Id> = HashMap<String, HashMap<String, Names<Id>>>;

pub(super) struct Named<R: Row> {
    rows: HashMap<R::Id, Arc<R>>,
    by_parent: HashMap<R::Parent, Names<R::Id>>,
    by_label: HashMap<R::Parent, ByLabel<R::Id>>,
    by_name: BTreeMap<Name, BTreeSet<R::Id>>,
}

/// What a list shows.
pub(super) struct Query<'a, R: Row> {
    pub(super) parent: Option<R::Parent>,
    /// An index that holds every answer, if there is one besides labels.
    pub(super) driver: Option<&'a Names<R::Id>>,
    pub(super) only: Option<&'a [R::Id]>,
    pub(super) selector: &'a LabelSelector,
    pub(super) page: &'a Page,
}

impl<R: Row> Default for Named<R> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            by_parent: HashMap::new(),
            by_label: HashMap::new(),
            by_name: BTreeMap::new(),
        }
    }
}

impl<R: Row> Named<R> {
    pub(super) fn get(&self, id: R::Id) -> Option<&Arc<R>> {
        self.rows.get(&id)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<R>> + '_ {
        self.rows.values()
    }

    /// The rows below a parent, in list order.
    pub(super) fn below(&self, parent: R::Parent) -> impl Iterator<Item = R::Id> + '_ {
        self.by_parent
            .get(&parent)
            .into_iter()
            .flat_map(|names| names.values().copied())
    }

    pub(super) fn named(&self, parent: R::Parent, name: &Name) -> Option<&Arc<R>> {
        let id = self.by_parent.get(&parent)?.get(name)?;
        self.rows.get(id)
    }

    /// Rows of that name under any parent, by id.
    pub(super) fn named_anywhere(&self, name: &Name) -> impl Iterator<Item = &Arc<R>> + '_ {
        let ids = self.by_name.get(name).into_iter().flatten();
        ids.filter_map(|id| self.rows.get(id))
    }

    /// Writes or removes a row and answers what was there: the inverse is the same call with that.
    pub(super) fn put(&mut self, id: R::Id, new: Option<Arc<R>>) -> Option<Arc<R>> {
        let old = self.rows.remove(&id);
        let same = matches!((&old, &new), (Some(old), Some(new))
            if old.name() == new.name() && old.parent() == new.parent() && old.labels() == new.labels());
        if !same {
            if let Some(old) = &old {
                self.unlink(old);
            }
            if let Some(new) = &new {
                self.link(new);
            }
        }
        if let Some(new) = new {
            self.rows.insert(id, new);
        }
        old
    }

    fn link(&mut self, row: &R) {
        let (id, name) = (row.id(), row.name());
        self.by_parent
            .entry(row.parent())
            .or_default()
            .insert(name.clone(), id);
        self.by_name.entry(name.clone()).or_default().insert(id);
        if row.labels().as_map().is_empty() {
            return;
        }
        let by_label = self.by_label.entry(row.parent()).or_default();
        for (key, value) in row.labels().as_map() {
            let by_value = by_label.entry(key.clone()).or_default();
            by_value
                .entry(value.clone())
                .or_default()
                .insert(name.clone(), id);
        }
    }

    fn unlink(&mut self, row: &R) {
        let (id, name, parent) = (row.id(), row.name(), row.parent());
        if let Some(names) = self.by_parent.get_mut(&parent) {
            names.remove(name);
            if names.is_empty() {
                self.by_parent.remove(&parent);
            }
        }
        if let Some(ids) = self.by_name.get_mut(name) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_name.remove(name);
            }
        }
        let Some(by_label) = self.by_label.get_mut(&parent) else {
            return;
        };
        for (key, value) in row.labels().as_map() {
            let Some(by_value) = by_label.get_mut(key) else {
                continue;
            };
            if let Some(names) = by_value.get_mut(value) {
                names.remove(name);
                if names.is_empty() {
                    by_value.remove(value);
                }
            }
            if by_value.is_empty() {
                by_label.remove(key);
            }
        }
        if by_label.is_empty() {
            self.by_label.remove(&parent);
        }
    }

    /// One page. Walks the smallest index that holds every answer.
    pub(super) fn list(&self, query: &Query<'_, R>) -> Result<Paged<R>, StoreError> {
        self.list_where(query, |_| true)
    }

    /// The same with a condition that no index knows.
    pub(super) fn list_where(
        &self,
        query: &Query<'_, R>,
        keep: impl Fn(&R) -> bool,
    ) -> Result<Paged<R>, StoreError> {
        let after = query.page.after.as_ref().map(start).transpose()?;
        let beyond = |row: &R| {
            after
                .as_ref()
                .is_none_or(|(name, id)| (row.name(), R::uuid(row.id())) > (name, *id))
        };
        let rows = self
            .candidates(query, after.as_ref().map(|(name, _)| name))
            .filter_map(|id| self.rows.get(&id))
            .filter(|row| beyond(row) && holds(query, row) && keep(row))
            .take(query.page.limit + 1)
            .map(|row| R::clone(row))
            .collect();
        Ok(Paged::cut(rows, query.page.limit, |row| Position {
            key: row.name().as_str().to_owned(),
            id: R::uuid(row.id()),
        }))
    }

    fn candidates<'a>(
        &'a self,
        query: &Query<'a, R>,
        after: Option<&Name>,
    ) -> Box<dyn Iterator<Item = R::Id> + 'a> {
        let from = after.map_or(Bound::Unbounded, |name| Bound::Included(name.clone()));
        let range = (from, Bound::Unbounded);
        if let Some(only) = query.only {
            let mut rows: Vec<&R> = only
                .iter()
                .filter_map(|id| self.rows.get(id))
                .map(|row| &**row)
                .collect();
            rows.sort_by_key(|row| (row.name(), R::uuid(row.id())));
            rows.dedup_by_key(|row| row.id());
            return Box::new(rows.into_iter().map(Row::id));
        }
        let by_label = query
            .parent
            .map(|parent| self.labelled(parent, query.selector));
        let by_parent = query.parent.map(|parent| self.by_parent.get(&parent));
        let indexes = by_label
            .into_iter()
            .flatten()
            .chain(by_parent)
            .chain(query.driver.map(Some));
        match indexes.min_by_key(|names| names.map_or(0, BTreeMap::len)) {
            Some(None) => Box::new(std::iter::empty()),
            Some(Some(names)) => Box::new(names.range(range).map(|(_, id)| *id)),
            None => Box::new(
                self.by_name
                    .range(range)
                    .flat_map(|(_, ids)| ids.iter().copied()),
            ),
        }
    }

    /// The index of every requirement that names one value; `None` where nothing carries it.
    fn labelled<'a>(
        &'a self,
        parent: R::Parent,
        selector: &'a LabelSelector,
    ) -> impl Iterator<Item = Option<&'a Names<R::Id>>> + 'a {
        let by_label = self.by_label.get(&parent);
        selector
            .requirements()
            .iter()
            .filter_map(move |wanted| match &wanted.operator {
                Operator::In(values) if values.len() == 1 => {
                    Some(by_label.and_then(|map| map.get(&wanted.key)?.get(&values[0])))
                }
                Operator::In(_)
                | Operator::NotIn(_)
                | Operator::Exists
                | Operator::DoesNotExist
                | Operator::GreaterThan(_)
                | Operator::LessThan(_) => None,
            })
    }
}

fn holds<R: Row>(query: &Query<'_, R>, row: &R) -> bool {
    query.parent.is_none_or(|parent| parent == row.parent())
        && query
            .driver
            .is_none_or(|names| names.get(row.name()) == Some(&row.id()))
        && query.selector.matches(row.labels().as_map())
}

fn start(position: &Position) -> Result<(Name, Uuid), StoreError> {
    let name = Name::parse(&position.key);
    let name = name.map_err(|_| StoreError::Corrupt("a cursor of another list".to_owned()))?;
    Ok((name, position.id))
}
