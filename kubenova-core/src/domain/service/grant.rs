//! Issuing, reading and revoking kubeconfigs.

mod issue;

use std::time::Duration;

use crate::access::{Action, Actor, ProjectRole, Role, guard, policy};
use crate::change::{Revoke, Write};
use crate::domain::audit::AuditTarget;
use crate::domain::credential::Grant;
use crate::domain::project::ProjectAt;
use crate::domain::service::Ports;
use crate::domain::tenant::TenantAt;
use crate::error::{Error, Noun};
use crate::ports::store::GrantFilter;
use crate::reconcile;
use crate::value::{GrantId, Name, Page, Paged, Ref, Secret};

/// The life of a kubeconfig whose request names none, in seconds.
pub const TTL_DEFAULT: i64 = 3600;
/// The longest life anybody may ask for, in seconds; the cluster may shorten it.
pub const TTL_MAX: i64 = 315_360_000;
/// The shortest token that Kubernetes issues, in seconds (TokenRequest); shorter grants are ended by us.
const TOKEN_MIN: i64 = 600;
/// After this long a grant that was not handed out is swept.
const SWEEP: Duration = Duration::from_secs(60);
/// So many projects get their binding before the answer; the others follow within moments.
const BOUND_AT_ONCE: usize = 50;

/// Issues a kubeconfig.
#[derive(Debug, Clone)]
pub struct IssueGrant {
    /// The tenant, and perhaps one project of it.
    pub at: GrantAt,
    /// As what; never above the caller's own role.
    pub role: ProjectRole,
    /// Its life in seconds, 0..=[`TTL_MAX`]; 0 is [`TTL_DEFAULT`].
    pub ttl: i64,
}

/// What a kubeconfig shall open.
#[derive(Debug, Clone)]
pub enum GrantAt {
    /// A tenant, or the project of that name in it (`POST /tenants/{t}/kubeconfig`).
    Tenant(TenantAt, Option<Name>),
    /// A project (`GET …/projects/{p}/kubeconfig`).
    Project(ProjectAt),
}

/// A kubeconfig on its way to the caller; kept nowhere.
#[derive(Debug, Clone)]
pub struct IssuedKubeconfig {
    /// YAML.
    pub kubeconfig: Secret,
    /// Its record.
    pub grant: Grant,
}

/// Use cases of kubeconfigs.
#[derive(Debug, Clone)]
pub struct Grants {
    ports: Ports,
}

impl Grants {
    /// Wires them to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Makes an account on the cluster, binds it to exactly the projects and role asked, and returns a kubeconfig for it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`]; [`Error::Invalid`] for a role without a project or an unknown project;
    /// [`Error::Conflict`] while tenant or project are deleted; [`Error::Away`] when the cluster is. Nothing that works is
    /// left behind then.
    pub async fn issue(&self, actor: &Actor, cmd: IssueGrant) -> Result<IssuedKubeconfig, Error> {
        let (tenant, project) = self.resolve(actor, &cmd).await?;
        let cluster = self
            .ports
            .store
            .cluster(&Ref::Id(tenant.cluster.uuid()))
            .await?;
        let cluster = cluster.ok_or(Error::NotFound(Noun::Cluster))?;
        let backends = self
            .ports
            .fleet
            .backends(&cluster)
            .await
            .map_err(Error::away)?;
        let ttl = if cmd.ttl == 0 { TTL_DEFAULT } else { cmd.ttl };
        let grant = self
            .record(actor, &cmd, (&tenant, project.as_ref()), &backends, ttl)
            .await?;
        let place = (&tenant, project.as_ref());
        let made = self.make(&cluster, place, &backends, grant.clone(), ttl);
        let issued = async {
            let made = made.await?;
            self.still_wanted(&made.grant, &backends).await?;
            self.hand_out(actor, made).await
        };
        match issued.await {
            Ok(issued) => Ok(issued),
            Err(failure) => {
                self.take_back(&grant).await;
                Err(failure)
            }
        }
    }

    /// One page of the kubeconfigs the caller may see.
    ///
    /// # Errors
    /// [`Error`] of the store.
    pub async fn list(
        &self,
        actor: &Actor,
        mut filter: GrantFilter,
        page: Page,
    ) -> Result<Paged<Grant>, Error> {
        if !narrow(actor, &mut filter) {
            return Ok(Paged {
                items: Vec::new(),
                next: None,
            });
        }
        let (limit, mut after, mut items) = (page.limit, page.after, Vec::new());
        loop {
            // Never more than fits: where the page ends, its last row is one that the caller sees, and so his cursor
            // tells him of no other.
            let limit = limit - items.len();
            let found = self
                .ports
                .store
                .grants(filter.clone(), Page { limit, after });
            let found = found.await?;
            let seen = |grant: &Grant| policy::sees(actor, &guard::Guarded::target(grant));
            items.extend(found.items.into_iter().filter(seen));
            if found.next.is_none() || items.len() >= page.limit {
                let next = found.next;
                return Ok(Paged { items, next });
            }
            after = found.next;
        }
    }

    /// One kubeconfig's record.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, actor: &Actor, id: GrantId) -> Result<Grant, Error> {
        guard::require(actor, Action::ReadGrant, self.ports.store.grant(id).await?)
    }

    /// Revokes a kubeconfig: the request is durable at once; the binding is cut, then the account removed, before the
    /// answer where the cluster can be reached, else as soon as it can.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn revoke(&self, actor: &Actor, id: GrantId) -> Result<Grant, Error> {
        let found = self.ports.store.grant(id).await?;
        let grant = guard::require(actor, Action::RevokeGrant, found)?;
        if grant.revocation.requested_at.is_none() {
            let now = self.ports.clock.now();
            let changes = self
                .ports
                .change(
                    actor,
                    Action::RevokeGrant,
                    about(&grant),
                    Some(grant.tenant),
                )
                .write(Write::RevokeGrants(Revoke::Grant(id), now));
            self.ports.store.commit(changes).await?;
        }
        // What cannot be done now stays work: a failure here is no failure of the revocation.
        if let Err(failure) = reconcile::grant::cut(&self.ports, id, None).await {
            tracing::warn!(grant.id = %id, error = %failure, "Could not cut a revoked kubeconfig at once; it stays work");
        }
        self.ports
            .store
            .grant(id)
            .await?
            .ok_or(Error::NotFound(Noun::Grant))
    }
}

/// Narrows a filter to what the store can tell apart of what the actor sees; false where nothing is left.
fn narrow(actor: &Actor, filter: &mut GrantFilter) -> bool {
    if actor.is_unscoped() {
        return true;
    }
    let Some(scope) = &actor.scope else {
        return false;
    };
    if filter.tenant.is_some_and(|asked| asked != scope.tenant) {
        return false;
    }
    filter.tenant = Some(scope.tenant);
    if !actor.roles.has(Role::TenantOwner) {
        if filter
            .subject
            .as_ref()
            .is_some_and(|asked| *asked != actor.subject)
        {
            return false;
        }
        filter.subject = Some(actor.subject.clone());
    }
    if let Some([only]) = scope.projects.as_deref() {
        if filter.project.is_some_and(|asked| asked != *only) {
            return false;
        }
        filter.project = Some(*only);
    }
    true
}

pub(super) fn about(grant: &Grant) -> AuditTarget {
    AuditTarget {
        kind: "grant",
        uid: Some(grant.id.uuid()),
        name: String::new(),
    }
}
