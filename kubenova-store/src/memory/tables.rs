//! All tables, the journal of their changes, and the commit of a change set.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use kubenova_core::change::{ChangeSet, Work};
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::domain::project::{Members, Project};
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::CommitError;
use kubenova_core::value::{
    ClusterId, GrantId, Name, ProjectId, Secret, Subject, TenantId, TokenId,
};

use super::audit::Audit;
use super::issued::Issued;
use super::named::{Named, Names};
use super::queue::{Item, Queue};

/// So many revocations are remembered for those who ask what was revoked lately; far more than a few seconds bring.
const REVOKED_MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Tables {
    pub(super) clusters: Named<Cluster>,
    pub(super) credentials: HashMap<ClusterId, Secret>,
    pub(super) identities: HashMap<String, ClusterId>,
    pub(super) tenants: Named<Tenant>,
    pub(super) owners: HashMap<(ClusterId, Subject), Names<TenantId>>,
    pub(super) projects: Named<Project>,
    pub(super) namespaces: HashMap<(ClusterId, Name), ProjectId>,
    pub(super) members: HashMap<ProjectId, Arc<Members>>,
    pub(super) tokens: Issued<Token>,
    /// When a revocation was seen; oldest first.
    pub(super) revoked: VecDeque<(Timestamp, TokenId)>,
    pub(super) grants: Issued<Grant>,
    pub(super) queue: Queue,
    pub(super) audit: Audit,
    journal: Vec<Undo>,
}

/// The inverse of one change: put this back.
enum Undo {
    Cluster(ClusterId, Option<Arc<Cluster>>),
    Credential(ClusterId, Option<Secret>),
    Tenant(TenantId, Option<Arc<Tenant>>),
    Project(ProjectId, Option<Arc<Project>>),
    Members(ProjectId, Option<Arc<Members>>),
    Token(TokenId, Option<Arc<Token>>),
    Grant(GrantId, Option<Arc<Grant>>),
    Work(Work, Option<Item>),
    Revoked,
}

impl Tables {
    /// Commits one change set, or leaves everything as it was. Answers whether work was asked for.
    pub(super) fn commit(
        &mut self,
        changes: ChangeSet,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let asked = self.carry_out(&changes, now);
        if asked.is_err() {
            self.roll_back();
        }
        let asked = asked?;
        self.journal.clear();
        self.trim_revoked();
        self.audit.append(changes.audit);
        Ok(asked)
    }

    fn carry_out(&mut self, changes: &ChangeSet, now: Timestamp) -> Result<bool, CommitError> {
        let instant = Instant::now();
        for require in &changes.requires {
            self.check(require, instant)?;
        }
        let mut asked = !changes.work.is_empty();
        for write in &changes.writes {
            asked |= self.apply(write, (now, instant))?;
        }
        for request in &changes.work {
            self.ask(*request, instant);
        }
        Ok(asked)
    }

    /// Plays the journal back, newest change first.
    pub(super) fn roll_back(&mut self) {
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Cluster(id, old) => drop(self.swap_cluster(id, old)),
                Undo::Credential(id, old) => drop(self.swap_credential(id, old)),
                Undo::Tenant(id, old) => drop(self.swap_tenant(id, old.as_ref())),
                Undo::Project(id, old) => drop(self.swap_project(id, old)),
                Undo::Members(id, old) => drop(self.swap_members(id, old)),
                Undo::Token(id, old) => drop(self.tokens.put(id, old)),
                Undo::Grant(id, old) => drop(self.grants.put(id, old)),
                Undo::Work(item, old) => drop(self.queue.put(item, old)),
                Undo::Revoked => drop(self.revoked.pop_back()),
            }
        }
    }

    pub(super) fn put_cluster(&mut self, id: ClusterId, new: Option<Cluster>) {
        let old = self.swap_cluster(id, new.map(Arc::new));
        self.journal.push(Undo::Cluster(id, old));
    }

    pub(super) fn put_credential(&mut self, id: ClusterId, new: Option<Secret>) {
        let old = self.swap_credential(id, new);
        self.journal.push(Undo::Credential(id, old));
    }

    pub(super) fn put_tenant(&mut self, id: TenantId, new: Option<Tenant>) {
        let old = self.swap_tenant(id, new.map(Arc::new).as_ref());
        self.journal.push(Undo::Tenant(id, old));
    }

    pub(super) fn put_project(&mut self, id: ProjectId, new: Option<Project>) {
        let old = self.swap_project(id, new.map(Arc::new));
        self.journal.push(Undo::Project(id, old));
    }

    pub(super) fn put_members(&mut self, id: ProjectId, new: Option<Members>) {
        let old = self.swap_members(id, new.map(Arc::new));
        self.journal.push(Undo::Members(id, old));
    }

    pub(super) fn put_token(&mut self, id: TokenId, new: Option<Token>) {
        let old = self.tokens.put(id, new.map(Arc::new));
        self.journal.push(Undo::Token(id, old));
    }

    pub(super) fn put_grant(&mut self, id: GrantId, new: Option<Grant>) {
        let old = self.grants.put(id, new.map(Arc::new));
        self.journal.push(Undo::Grant(id, old));
    }

    pub(super) fn put_work(&mut self, item: Work, new: Option<Item>) {
        let old = self.queue.put(item, new);
        self.journal.push(Undo::Work(item, old));
    }

    pub(super) fn note_revoked(&mut self, now: Timestamp, id: TokenId) {
        self.revoked.push_back((now, id));
        self.journal.push(Undo::Revoked);
    }

    /// Changes outside of a change set need no way back.
    pub(super) fn settle(&mut self) {
        self.journal.clear();
    }

    fn trim_revoked(&mut self) {
        while self.revoked.len() > REVOKED_MAX {
            self.revoked.pop_front();
        }
    }

    fn swap_cluster(&mut self, id: ClusterId, new: Option<Arc<Cluster>>) -> Option<Arc<Cluster>> {
        let identity = new.as_ref().map(|row| row.identity.clone());
        let old = self.clusters.put(id, new);
        if let Some(old) = &old {
            self.identities.remove(&old.identity);
        }
        if let Some(identity) = identity {
            self.identities.insert(identity, id);
        }
        old
    }

    fn swap_credential(&mut self, id: ClusterId, new: Option<Secret>) -> Option<Secret> {
        match new {
            Some(new) => self.credentials.insert(id, new),
            None => self.credentials.remove(&id),
        }
    }

    fn swap_tenant(&mut self, id: TenantId, new: Option<&Arc<Tenant>>) -> Option<Arc<Tenant>> {
        let old = self.tenants.put(id, new.cloned());
        let same = matches!((&old, new), (Some(old), Some(new)) if old.owners == new.owners);
        if same {
            return old;
        }
        if let Some(row) = &old {
            for owner in &row.owners {
                let key = (row.cluster, owner.clone());
                if let Some(names) = self.owners.get_mut(&key) {
                    names.remove(&row.name);
                    if names.is_empty() {
                        self.owners.remove(&key);
                    }
                }
            }
        }
        if let Some(row) = new {
            for owner in &row.owners {
                let names = self.owners.entry((row.cluster, owner.clone())).or_default();
                names.insert(row.name.clone(), id);
            }
        }
        old
    }

    fn swap_project(&mut self, id: ProjectId, new: Option<Arc<Project>>) -> Option<Arc<Project>> {
        let place = |row: &Project| (row.cluster, row.namespace.clone());
        let reserve = new.as_ref().map(|row| place(row));
        let old = self.projects.put(id, new);
        if let Some(old) = &old {
            self.namespaces.remove(&place(old));
        }
        if let Some(place) = reserve {
            self.namespaces.insert(place, id);
        }
        old
    }

    fn swap_members(&mut self, id: ProjectId, new: Option<Arc<Members>>) -> Option<Arc<Members>> {
        match new {
            Some(new) => self.members.insert(id, new),
            None => self.members.remove(&id),
        }
    }
}
