//! Creating, reading, owning and deleting tenants.

use std::collections::BTreeSet;

use crate::access::{Action, Actor, guard};
use crate::change::{ChangeSet, Require, Revoke, Work, Write};
use crate::domain::bounds::{Bound, Bounds};
use crate::domain::service::{ATTEMPTS, BasedOn, Ports, about, check_version, pick, settle};
use crate::domain::tenant::{Tenant, TenantAt};
use crate::error::{Conflict, Error, Noun};
use crate::ports::store::TenantFilter;
use crate::value::{
    Annotations, Generation, LabelSelector, Labels, Name, Page, Paged, Ref, Status, Subject,
    TenantId,
};

/// Creates a tenant.
#[derive(Debug, Clone)]
pub struct CreateTenant {
    /// The cluster in the path.
    pub cluster: Ref,
    /// Read by [`parse_name`](crate::domain::tenant::parse_name).
    pub name: Name,
    /// Read by [`parse_owners`](crate::domain::tenant::parse_owners); may be empty.
    pub owners: BTreeSet<Subject>,
    /// The caller's labels.
    pub labels: Labels,
    /// The caller's annotations.
    pub annotations: Annotations,
    /// What bounds it from the beginning.
    pub bounds: Bounds,
}

/// Use cases of tenants.
#[derive(Debug, Clone)]
pub struct Tenants {
    ports: Ports,
}

impl Tenants {
    /// Wires them to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records a tenant; its Capsule Tenant follows.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`]; [`Error::Conflict`] for a taken name or a cluster on its way out.
    pub async fn create(&self, actor: &Actor, cmd: CreateTenant) -> Result<Tenant, Error> {
        let found = self.ports.store.cluster(&cmd.cluster).await?;
        let cluster = guard::require(actor, Action::CreateTenant, found)?;
        let tenant = Tenant {
            id: TenantId::new(self.ports.ids.next()),
            cluster: cluster.id,
            name: cmd.name,
            owners: cmd.owners,
            labels: cmd.labels,
            annotations: cmd.annotations,
            bounds: cmd.bounds,
            created_at: self.ports.clock.now(),
            generation: Generation::FIRST,
            deleting: None,
            status: Status::pending(),
        };
        let changes = self
            .change(actor, Action::CreateTenant, &tenant)
            .require(Require::ClusterAccepts(cluster.id))
            .write(Write::InsertTenant(Box::new(tenant.clone())));
        self.ports.store.commit(changes).await?;
        Ok(tenant)
    }

    /// One page of a cluster's tenants that the caller may see.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the cluster.
    pub async fn list(
        &self,
        actor: &Actor,
        cluster: &Ref,
        filter: (Option<Subject>, LabelSelector),
        page: Page,
    ) -> Result<Paged<Tenant>, Error> {
        let (owner, selector) = filter;
        let found = self.ports.store.cluster(cluster).await?;
        let cluster = guard::require(actor, Action::ReadTenant, found)?;
        let only = match (&actor.scope, actor.is_unscoped()) {
            (_, true) => None,
            (scope, false) => scope.as_ref().map(|scope| scope.tenant),
        };
        let filter = TenantFilter {
            cluster: Some(cluster.id),
            only,
            owner,
            selector,
        };
        Ok(self.ports.store.tenants(filter, page).await?)
    }

    /// One tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] for a name that fits several.
    pub async fn get(&self, actor: &Actor, at: &TenantAt) -> Result<Tenant, Error> {
        self.find(actor, Action::ReadTenant, at).await
    }

    /// Replaces the owners. Who is taken out loses, in the same commit, his tokens and kubeconfigs for the tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Conflict`] while it is deleted.
    pub async fn set_owners(
        &self,
        actor: &Actor,
        at: &TenantAt,
        owners: BTreeSet<Subject>,
        based_on: BasedOn,
    ) -> Result<Tenant, Error> {
        for attempt in 0..ATTEMPTS {
            let old = self.find(actor, Action::SetOwners, at).await?;
            check_version(old.generation, based_on)?;
            if old.deleting.is_some() {
                return Err(Conflict::Deleting(Noun::Tenant).into());
            }
            if old.owners == owners {
                return Ok(old);
            }
            let (now, id) = (self.ports.clock.now(), old.id);
            let gone: Vec<Subject> = old.owners.difference(&owners).cloned().collect();
            let new = Tenant {
                owners: owners.clone(),
                generation: old.generation.next(),
                ..old
            };
            let mut changes = self
                .change(actor, Action::SetOwners, &new)
                .write(Write::UpdateTenant(Box::new(new.clone())));
            for subject in gone {
                let which = Revoke::SubjectInTenant(subject, id);
                changes = changes
                    .write(Write::RevokeTokens(which.clone(), now))
                    .write(Write::RevokeGrants(which, now));
            }
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(new),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    /// Replaces one part of what bounds a tenant; the other parts stay as they are. A quota below what is used already is
    /// accepted: nothing is evicted, and nothing more is admitted.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Conflict`] while it is deleted.
    pub async fn set_bound(
        &self,
        actor: &Actor,
        at: &TenantAt,
        part: Bound,
        based_on: BasedOn,
    ) -> Result<Tenant, Error> {
        let action = part.action();
        for attempt in 0..ATTEMPTS {
            let old = self.find(actor, action, at).await?;
            check_version(old.generation, based_on)?;
            if old.deleting.is_some() {
                return Err(Conflict::Deleting(Noun::Tenant).into());
            }
            let bounds = old.bounds.clone().with(part.clone());
            if bounds == old.bounds {
                return Ok(old);
            }
            let new = Tenant {
                bounds,
                generation: old.generation.next(),
                ..old
            };
            let changes = self
                .change(actor, action, &new)
                .write(Write::UpdateTenant(Box::new(new.clone())));
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(new),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    /// Marks a tenant for deletion; with `cascade` its projects too. All its tokens and kubeconfigs are revoked at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Conflict`] while it has projects.
    pub async fn delete(
        &self,
        actor: &Actor,
        at: &TenantAt,
        cascade: bool,
        based_on: BasedOn,
    ) -> Result<Tenant, Error> {
        for attempt in 0..ATTEMPTS {
            let old = self.find(actor, Action::DeleteTenant, at).await?;
            if old.deleting.is_some() {
                return Ok(old);
            }
            check_version(old.generation, based_on)?;
            let (now, id) = (self.ports.clock.now(), old.id);
            let new = Tenant {
                deleting: Some(now),
                generation: old.generation.next(),
                ..old
            };
            let mut changes = self
                .change(actor, Action::DeleteTenant, &new)
                .write(Write::UpdateTenant(Box::new(new.clone())))
                .write(Write::RevokeTokens(Revoke::Tenant(id), now))
                .write(Write::RevokeGrants(Revoke::Tenant(id), now));
            changes = if cascade {
                changes.write(Write::DeleteProjectsOf(id, now))
            } else {
                changes.require(Require::NoProjects(id))
            };
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(new),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    fn change(&self, actor: &Actor, action: Action, tenant: &Tenant) -> ChangeSet {
        let target = about("tenant", tenant.id.uuid(), &tenant.name);
        self.ports
            .change(actor, action, target, Some(tenant.id))
            .ask(Work::Tenant(tenant.id), tenant.cluster)
    }

    async fn find(&self, actor: &Actor, action: Action, at: &TenantAt) -> Result<Tenant, Error> {
        let found = self.ports.store.tenants_at(at).await?;
        pick(actor, action, found, |tenant| tenant.id.uuid())
    }
}
