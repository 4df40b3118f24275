//! The way to a kubeconfig: resolve, record, make the account, bind it, hand it out; take back what failed.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};

use super::{
    BOUND_AT_ONCE, GrantAt, Grants, IssueGrant, IssuedKubeconfig, SWEEP, TOKEN_MIN, about,
};
use crate::access::{Action, Actor, ProjectRole, Role, policy};
use crate::change::{ChangeSet, Require, Revoke, Work, WorkRequest, Write};
use crate::domain::cluster::Cluster;
use crate::domain::credential::{Grant, Revocation};
use crate::domain::project::{Project, ProjectAt};
use crate::domain::service::pick;
use crate::domain::tenant::Tenant;
use crate::error::{Conflict, Error, Noun};
use crate::ports::cluster::Step;
use crate::ports::fleet::Backends;
use crate::ports::proxy::KubeconfigParts;
use crate::ports::store::ProjectFilter;
use crate::reconcile;
use crate::value::{GrantId, LabelSelector, Name, Page, Ref};

impl Grants {
    pub(super) async fn resolve(
        &self,
        actor: &Actor,
        cmd: &IssueGrant,
    ) -> Result<(Tenant, Option<Project>), Error> {
        let (tenant, project) = match &cmd.at {
            GrantAt::Tenant(at, named) => {
                let found = self.ports.store.tenants_at(at).await?;
                let tenant = pick(actor, Action::IssueGrant, found, |tenant| tenant.id.uuid())?;
                // "Not allowed" comes before what is wrong with the body.
                check_role(actor, cmd.role)?;
                let project = self.named(actor, &tenant, named.as_ref()).await?;
                (tenant, project)
            }
            GrantAt::Project(at) => {
                let found = self.ports.store.projects_at(at).await?;
                let project = pick(actor, Action::IssueGrant, found, |project| {
                    project.id.uuid()
                })?;
                let tenant = self.ports.store.tenant(project.tenant).await?;
                (tenant.ok_or(Error::NotFound(Noun::Project))?, Some(project))
            }
        };
        check_role(actor, cmd.role)?;
        if project.is_none() && cmd.role == ProjectRole::ProjectDev {
            return Err(Error::invalid("project", "is required for this role"));
        }
        if project.is_none() && !opens_whole_tenant(actor) {
            return Err(Error::Forbidden);
        }
        if tenant.deleting.is_some() {
            return Err(Conflict::Deleting(Noun::Tenant).into());
        }
        if project
            .as_ref()
            .is_some_and(|project| project.deleting.is_some())
        {
            return Err(Conflict::Deleting(Noun::Project).into());
        }
        Ok((tenant, project))
    }

    async fn named(
        &self,
        actor: &Actor,
        tenant: &Tenant,
        name: Option<&Name>,
    ) -> Result<Option<Project>, Error> {
        let Some(name) = name else { return Ok(None) };
        let at = ProjectAt {
            cluster: None,
            tenant: Some(Ref::Id(tenant.id.uuid())),
            project: Ref::Name(name.clone()),
        };
        let found = self.ports.store.projects_at(&at).await?;
        let unknown = || Error::invalid("project", "names no project of the tenant");
        let project =
            pick(actor, Action::IssueGrant, found, |p| p.id.uuid()).map_err(|_| unknown())?;
        Ok(Some(project))
    }

    /// Makes the grant durable before anything exists on the cluster: whatever is interrupted later is swept. Not yet a
    /// deed for the audit log: that is the kubeconfig, when it exists.
    pub(super) async fn record(
        &self,
        actor: &Actor,
        cmd: &IssueGrant,
        place: (&Tenant, Option<&Project>),
        backends: &Backends,
        ttl: i64,
    ) -> Result<Grant, Error> {
        let (tenant, project) = place;
        let now = self.ports.clock.now();
        let grant = Grant {
            id: GrantId::new(self.ports.ids.next()),
            subject: actor.subject.clone(),
            issued_by: actor.subject.clone(),
            tenant: tenant.id,
            project: project.map(|project| project.id),
            role: cmd.role,
            cluster: tenant.cluster,
            endpoint: backends.proxy.kind(),
            created_at: now,
            expires_at: after(now, ttl)?,
            issued: false,
            revocation: Revocation::default(),
        };
        let mut changes = ChangeSet::new()
            .require(Require::TenantAccepts(tenant.id))
            .write(Write::InsertGrant(Box::new(grant.clone())));
        if let Some(project) = project {
            changes = changes.require(Require::ProjectAccepts(project.id));
        }
        changes.work.push(WorkRequest {
            item: Work::Grant(grant.id),
            cluster: grant.cluster,
            after: SWEEP,
        });
        self.ports.store.commit(changes).await?;
        Ok(grant)
    }

    /// Account, bindings, token and the kubeconfig around it.
    pub(super) async fn make(
        &self,
        cluster: &Cluster,
        place: (&Tenant, Option<&Project>),
        backends: &Backends,
        mut grant: Grant,
        ttl: i64,
    ) -> Result<IssuedKubeconfig, Error> {
        let (tenant, project) = place;
        let account = grant.account();
        let apply = Step::ApplyAccount(account, grant.cluster);
        backends.cluster.apply(&apply).await.map_err(Error::away)?;
        self.bind(cluster, tenant, project, backends).await?;
        let asked = Duration::from_secs(u64::try_from(ttl.max(TOKEN_MIN)).unwrap_or_default());
        let issued = backends
            .cluster
            .issue(account, asked)
            .await
            .map_err(Error::away)?;
        let parts = KubeconfigParts {
            cluster_name: cluster.name.clone(),
            user_name: account.name(),
            namespace: project.map(|project| project.namespace.clone()),
            token: issued.token,
        };
        let kubeconfig = backends
            .proxy
            .kubeconfig(parts)
            .await
            .map_err(Error::away)?;
        grant.expires_at = grant.expires_at.min(issued.expires_at);
        grant.issued = true;
        Ok(IssuedKubeconfig { kubeconfig, grant })
    }

    /// Records that the kubeconfig exists, in one commit with its audit entry and the work that ends it.
    pub(super) async fn hand_out(
        &self,
        actor: &Actor,
        issued: IssuedKubeconfig,
    ) -> Result<IssuedKubeconfig, Error> {
        let grant = &issued.grant;
        let left = grant.expires_at.duration_since(self.ports.clock.now());
        let (target, tenant) = (about(grant), Some(grant.tenant));
        let mut changes = self
            .ports
            .change(actor, Action::IssueGrant, target, tenant)
            .write(Write::UpdateGrant(Box::new(grant.clone())));
        changes.work.push(WorkRequest {
            item: Work::Grant(grant.id),
            cluster: grant.cluster,
            after: Duration::try_from(left).unwrap_or_default(),
        });
        self.ports.store.commit(changes).await?;
        Ok(issued)
    }

    /// Refuses what was revoked while it was being made. Whoever revoked it may have looked before the account was there,
    /// so it is removed here.
    pub(super) async fn still_wanted(&self, grant: &Grant, on: &Backends) -> Result<(), Error> {
        let kept = self.ports.store.grant(grant.id).await?;
        if kept.is_some_and(|kept| kept.revocation.requested_at.is_none()) {
            return Ok(());
        }
        let gone = Step::DeleteAccount(grant.account());
        on.cluster.apply(&gone).await.map_err(Error::away)?;
        Err(Conflict::Contended.into())
    }

    /// Writes the bindings before the answer, so that the kubeconfig works when the caller holds it.
    async fn bind(
        &self,
        cluster: &Cluster,
        tenant: &Tenant,
        project: Option<&Project>,
        backends: &Backends,
    ) -> Result<(), Error> {
        let projects = match project {
            Some(project) => vec![project.clone()],
            None => self.all_projects(tenant).await?,
        };
        let later = projects.iter().map(|project| WorkRequest {
            item: Work::Project(project.id),
            cluster: cluster.id,
            after: Duration::ZERO,
        });
        self.ports.store.ask(later.collect()).await?;
        let present = projects
            .into_iter()
            .take(BOUND_AT_ONCE)
            .filter(|project| project.deleting.is_none());
        let bindings = present.map(|project| self.bind_one(project, backends));
        stream::iter(bindings)
            .buffer_unordered(8)
            .try_collect::<()>()
            .await
    }

    async fn all_projects(&self, tenant: &Tenant) -> Result<Vec<Project>, Error> {
        let (mut all, mut page) = (Vec::new(), Page::first(Page::MAX));
        loop {
            let selector = LabelSelector::default();
            let filter = ProjectFilter {
                tenant: tenant.id,
                only: None,
                selector,
            };
            let found = self.ports.store.projects(filter, page).await?;
            all.extend(found.items);
            match found.next {
                Some(next) => {
                    page = Page {
                        limit: Page::MAX,
                        after: Some(next),
                    }
                }
                None => return Ok(all),
            }
        }
    }

    async fn bind_one(&self, project: Project, backends: &Backends) -> Result<(), Error> {
        let access = self.ports.store.access(project.id).await?;
        let now = self.ports.clock.now();
        reconcile::project::bind(&project, &access, backends, now)
            .await
            .map_err(Error::away)
    }

    /// An issue that failed half-way is revoked at once; if even that fails, the sweep finds it.
    pub(super) async fn take_back(&self, grant: &Grant) {
        let now = self.ports.clock.now();
        let changes = ChangeSet::new().write(Write::RevokeGrants(Revoke::Grant(grant.id), now));
        if let Err(failure) = self.ports.store.commit(changes).await {
            tracing::warn!(grant.id = %grant.id, error = %failure, "Could not take back an interrupted kubeconfig; the sweep will");
        }
    }
}

fn after(now: Timestamp, seconds: i64) -> Result<Timestamp, Error> {
    now.checked_add(SignedDuration::from_secs(seconds))
        .map_err(|_| Error::invalid("ttlSeconds", "is out of range"))
}

/// Nobody issues a role above his own.
fn check_role(actor: &Actor, role: ProjectRole) -> Result<(), Error> {
    if policy::may_grant(actor, role) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// A developer, and whoever is narrowed to projects, opens single projects only.
fn opens_whole_tenant(actor: &Actor) -> bool {
    if actor.is_unscoped() {
        return true;
    }
    let whole = actor
        .scope
        .as_ref()
        .is_some_and(|scope| scope.projects.is_none());
    whole && actor.roles.strongest() != Role::ProjectDev
}
