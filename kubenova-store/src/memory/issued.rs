//! A table of issued credentials, in order of issue.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use uuid::Uuid;

use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{GrantId, Page, Paged, ProjectId, TenantId, TokenId};

use crate::position;

/// A credential's record.
pub(super) trait Issue: Clone {
    type Id: Copy + Ord + Hash;

    fn id(&self) -> Self::Id;
    fn uuid(id: Self::Id) -> Uuid;
    fn wrap(uuid: Uuid) -> Self::Id;
    /// Microseconds since the epoch.
    fn created(&self) -> i64;
    fn tenant(&self) -> Option<TenantId>;
    /// The project, if it is for that one alone.
    fn project(&self) -> Option<ProjectId>;
}

impl Issue for Token {
    type Id = TokenId;

    fn id(&self) -> TokenId {
        self.id
    }
    fn uuid(id: TokenId) -> Uuid {
        id.uuid()
    }
    fn wrap(uuid: Uuid) -> TokenId {
        TokenId::new(uuid)
    }
    fn created(&self) -> i64 {
        self.created_at.as_microsecond()
    }
    fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }
    fn project(&self) -> Option<ProjectId> {
        match self.projects.as_deref() {
            Some([one]) => Some(*one),
            Some(_) | None => None,
        }
    }
}

impl Issue for Grant {
    type Id = GrantId;

    fn id(&self) -> GrantId {
        self.id
    }
    fn uuid(id: GrantId) -> Uuid {
        id.uuid()
    }
    fn wrap(uuid: Uuid) -> GrantId {
        GrantId::new(uuid)
    }
    fn created(&self) -> i64 {
        self.created_at.as_microsecond()
    }
    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }
    fn project(&self) -> Option<ProjectId> {
        self.project
    }
}

type Order<Id> = BTreeSet<(i64, Id)>;

pub(super) struct Issued<R: Issue> {
    rows: HashMap<R::Id, Arc<R>>,
    all: Order<R::Id>,
    by_tenant: HashMap<TenantId, Order<R::Id>>,
    by_project: HashMap<ProjectId, Order<R::Id>>,
}

impl<R: Issue> Default for Issued<R> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            all: Order::new(),
            by_tenant: HashMap::new(),
            by_project: HashMap::new(),
        }
    }
}

impl<R: Issue> Issued<R> {
    pub(super) fn get(&self, id: R::Id) -> Option<&Arc<R>> {
        self.rows.get(&id)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<R>> + '_ {
        self.rows.values()
    }

    pub(super) fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<R>> + '_ {
        let ids = self.by_tenant.get(&tenant).into_iter().flatten();
        ids.filter_map(|(_, id)| self.rows.get(id))
    }

    pub(super) fn of_project(&self, project: ProjectId) -> impl Iterator<Item = &Arc<R>> + '_ {
        let ids = self.by_project.get(&project).into_iter().flatten();
        ids.filter_map(|(_, id)| self.rows.get(id))
    }

    /// Writes or removes a row and answers what was there.
    pub(super) fn put(&mut self, id: R::Id, new: Option<Arc<R>>) -> Option<Arc<R>> {
        let old = self.rows.remove(&id);
        // None of the keys of these indexes ever changes.
        match (&old, &new) {
            (Some(old), None) => self.unlink(old),
            (None, Some(new)) => self.link(new),
            (Some(_), Some(_)) | (None, None) => {}
        }
        if let Some(new) = new {
            self.rows.insert(id, new);
        }
        old
    }

    fn link(&mut self, row: &R) {
        let key = (row.created(), row.id());
        self.all.insert(key);
        if let Some(tenant) = row.tenant() {
            self.by_tenant.entry(tenant).or_default().insert(key);
        }
        if let Some(project) = row.project() {
            self.by_project.entry(project).or_default().insert(key);
        }
    }

    fn unlink(&mut self, row: &R) {
        let key = (row.created(), row.id());
        self.all.remove(&key);
        if let Some(order) = row
            .tenant()
            .and_then(|tenant| self.by_tenant.get_mut(&tenant))
        {
            order.remove(&key);
        }
        if let Some(order) = row
            .project()
            .and_then(|project| self.by_project.get_mut(&project))
        {
            order.remove(&key);
        }
    }

    /// One page, in order of issue; of a project or a tenant where the filter names one.
    pub(super) fn list(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        keep: impl Fn(&R) -> bool,
        page: &Page,
    ) -> Result<Paged<R>, StoreError> {
        let empty = Order::new();
        let order = match (project, tenant) {
            (Some(project), _) => self.by_project.get(&project).unwrap_or(&empty),
            (None, Some(tenant)) => self.by_tenant.get(&tenant).unwrap_or(&empty),
            (None, None) => &self.all,
        };
        let from = match &page.after {
            Some(after) => {
                let created = position::time(after)?.as_microsecond();
                Bound::Excluded((created, R::wrap(after.id)))
            }
            None => Bound::Unbounded,
        };
        let rows = order
            .range((from, Bound::Unbounded))
            .filter_map(|(_, id)| self.rows.get(id))
            .filter(|row| tenant.is_none_or(|wanted| row.tenant() == Some(wanted)) && keep(row))
            .take(page.limit + 1)
            .map(|row| R::clone(row))
            .collect();
        Ok(Paged::cut(rows, page.limit, |row| {
            let at = jiff::Timestamp::from_microsecond(row.created()).unwrap_or_default();
            position::of_time(at, R::uuid(row.id()))
        }))
    }
}
