//! Locks and preconditions of a batch.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgConnection;
use uuid::Uuid;

use kubenova_core::change::{ChangeSet, Receipt, Require, Write};
use kubenova_core::error::Noun;
use kubenova_core::ports::store::CommitError;

use crate::postgres::error::Failure;
use crate::postgres::sql::lock as sql;

/// The rows of one table that a batch needs.
#[derive(Debug, Default)]
struct Needs {
    /// Intent changes, or the row must be empty.
    lock: BTreeSet<Uuid>,
    /// It is reported on.
    touch: BTreeSet<Uuid>,
    /// It must accept something new.
    share: BTreeSet<Uuid>,
}

/// Everything that must be locked and hold.
#[derive(Debug, Default)]
pub(in crate::postgres) struct Locks {
    clusters: Needs,
    tenants: Needs,
    projects: Needs,
    empty_clusters: BTreeSet<Uuid>,
    empty_tenants: BTreeSet<Uuid>,
    with_members: BTreeSet<Uuid>,
    /// The most projects of a tenant.
    room: BTreeMap<Uuid, u64>,
    held: BTreeMap<(&'static str, Uuid), Receipt>,
    /// Two turns claim one item: one of them has lost it.
    twice: bool,
}

impl Locks {
    pub(in crate::postgres) fn of(sets: &[&ChangeSet]) -> Self {
        let mut out = Self::default();
        for set in sets {
            for require in &set.requires {
                out.require(require);
            }
            for write in &set.writes {
                out.write(write);
            }
        }
        out
    }

    fn require(&mut self, require: &Require) {
        match require {
            Require::ClusterAccepts(id) => drop(self.clusters.share.insert(id.uuid())),
            Require::TenantAccepts(id) => drop(self.tenants.share.insert(id.uuid())),
            Require::ProjectAccepts(id) => drop(self.projects.share.insert(id.uuid())),
            Require::NoTenants(id) => {
                self.clusters.lock.insert(id.uuid());
                self.empty_clusters.insert(id.uuid());
            }
            Require::NoProjects(id) => {
                self.tenants.lock.insert(id.uuid());
                self.empty_tenants.insert(id.uuid());
            }
            Require::RoomForProject(id, most) => {
                self.tenants.lock.insert(id.uuid());
                let room = self.room.entry(id.uuid()).or_insert(*most);
                *room = (*room).min(*most);
            }
            Require::Holds(receipt) => {
                let key = (receipt.item.kind(), receipt.item.uuid());
                let other = self.held.insert(key, *receipt);
                self.twice |= other.is_some_and(|other| other.lease != receipt.lease);
            }
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::UpdateCluster(row) => drop(self.clusters.lock.insert(row.id.uuid())),
            Write::PurgeCluster(id, _) => drop(self.clusters.lock.insert(id.uuid())),
            Write::ClusterStatus(id, ..) => drop(self.clusters.touch.insert(id.uuid())),
            Write::UpdateTenant(row) => drop(self.tenants.lock.insert(row.id.uuid())),
            Write::PurgeTenant(id, _) | Write::DeleteProjectsOf(id, _) => {
                self.tenants.lock.insert(id.uuid());
            }
            Write::TenantStatus(id, _) => drop(self.tenants.touch.insert(id.uuid())),
            Write::UpdateProject(row) => drop(self.projects.lock.insert(row.id.uuid())),
            Write::SetMembers(id, _) => {
                self.projects.lock.insert(id.uuid());
                self.with_members.insert(id.uuid());
            }
            Write::PurgeProject(id, _) => drop(self.projects.lock.insert(id.uuid())),
            Write::ProjectStatus(id, _) => drop(self.projects.touch.insert(id.uuid())),
            Write::InsertCluster(..)
            | Write::InsertTenant(_)
            | Write::InsertProject(_)
            | Write::InsertToken(_)
            | Write::RevokeTokens(..)
            | Write::InsertGrant(_)
            | Write::UpdateGrant(_)
            | Write::RevokeGrants(..)
            | Write::PurgeGrant(_) => {}
        }
    }

    /// Locks, then looks: what the looks see stays so until the end of the transaction.
    pub(in crate::postgres) async fn take(
        self,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        if self.twice {
            return Err(CommitError::LeaseLost.into());
        }
        let clusters = [sql::LOCK_CLUSTERS, sql::TOUCH_CLUSTERS, sql::SHARE_CLUSTERS];
        let tenants = [sql::LOCK_TENANTS, sql::TOUCH_TENANTS, sql::SHARE_TENANTS];
        let projects = [sql::LOCK_PROJECTS, sql::TOUCH_PROJECTS, sql::SHARE_PROJECTS];
        self.clusters
            .take(connection, clusters, Noun::Cluster)
            .await?;
        self.tenants.take(connection, tenants, Noun::Tenant).await?;
        let locked = self
            .projects
            .take(connection, projects, Noun::Project)
            .await?;
        // Only projects that are to be written members of must be there already.
        let mut with_members = self.with_members;
        with_members.retain(|id| !locked.contains(id));
        if !with_members.is_empty() {
            return Err(CommitError::Stale.into());
        }
        none(
            connection,
            sql::WITH_TENANTS,
            self.empty_clusters,
            Noun::Cluster,
        )
        .await?;
        none(
            connection,
            sql::WITH_PROJECTS,
            self.empty_tenants,
            Noun::Tenant,
        )
        .await?;
        room(connection, &self.room).await?;
        hold(connection, &self.held).await
    }
}

impl Needs {
    /// Locks rows of one table; answers those that were locked for a change of intent.
    async fn take(
        self,
        connection: &mut PgConnection,
        [lock, touch, share]: [&'static str; 3],
        noun: Noun,
    ) -> Result<BTreeSet<Uuid>, Failure> {
        let mut locked = BTreeSet::new();
        if !self.lock.is_empty() {
            let query = sqlx::query_scalar::<_, Uuid>(lock).bind(list(&self.lock));
            locked.extend(query.fetch_all(&mut *connection).await?);
        }
        // A single row is locked by the report itself: order matters from two on.
        if self.touch.len() > 1 {
            sqlx::query(touch)
                .bind(list(&self.touch))
                .execute(&mut *connection)
                .await?;
        }
        if !self.share.is_empty() {
            let query = sqlx::query_as::<_, (Uuid, Option<jiff_sqlx::Timestamp>)>(share);
            let found = query.bind(list(&self.share)).fetch_all(connection).await?;
            let open = found
                .iter()
                .filter(|(_, deleting)| deleting.is_none())
                .count();
            if open < self.share.len() {
                return Err(CommitError::Closed(noun).into());
            }
        }
        Ok(locked)
    }
}

fn list(ids: &BTreeSet<Uuid>) -> Vec<Uuid> {
    ids.iter().copied().collect()
}

async fn none(
    connection: &mut PgConnection,
    text: &'static str,
    ids: BTreeSet<Uuid>,
    noun: Noun,
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let query = sqlx::query_scalar::<_, Uuid>(text).bind(list(&ids));
    match query.fetch_optional(connection).await? {
        Some(_) => Err(CommitError::NotEmpty(noun).into()),
        None => Ok(()),
    }
}

async fn room(connection: &mut PgConnection, wanted: &BTreeMap<Uuid, u64>) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let most = |n: &u64| i64::try_from(*n).unwrap_or(i64::MAX);
    let query = sqlx::query_scalar::<_, Uuid>(sql::FULL)
        .bind(wanted.keys().copied().collect::<Vec<_>>())
        .bind(wanted.values().map(most).collect::<Vec<_>>());
    match query.fetch_optional(connection).await? {
        Some(_) => Err(CommitError::Full(Noun::Project).into()),
        None => Ok(()),
    }
}

async fn hold(
    connection: &mut PgConnection,
    held: &BTreeMap<(&'static str, Uuid), Receipt>,
) -> Result<(), Failure> {
    if held.is_empty() {
        return Ok(());
    }
    let (kinds, ids): (Vec<&'static str>, Vec<Uuid>) = held.keys().copied().unzip();
    let leases: Vec<Uuid> = held.values().map(|receipt| receipt.lease.0).collect();
    let found = sqlx::query(sql::HELD)
        .bind(kinds)
        .bind(ids)
        .bind(leases)
        .fetch_all(connection)
        .await?;
    if found.len() < held.len() {
        return Err(CommitError::LeaseLost.into());
    }
    Ok(())
}
