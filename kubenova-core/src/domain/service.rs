//! Use cases: gather, decide, commit. The caller is the first argument of each.

pub mod cluster;
pub mod grant;
pub mod project;
pub mod tenant;
pub mod token;

pub use cluster::{Clusters, RegisterCluster};
pub use grant::{Grants, IssueGrant, IssuedKubeconfig};
pub use project::{CreateProject, Projects, UpdateProject};
pub use tenant::{CreateTenant, Tenants};
pub use token::{IssueToken, Tokens};

use std::sync::Arc;

use crate::access::guard::Guarded;
use crate::access::{Action, Actor, guard, policy};
use crate::change::ChangeSet;
use crate::domain::audit::AuditTarget;
use crate::error::{Conflict, Error};
use crate::ports::store::CommitError;
use crate::ports::{Clock, Fleet, Ids, Store};
use crate::value::{Generation, Name, TenantId};

/// What every use case and the reconciler stand on.
#[derive(Clone)]
pub struct Ports {
    /// Persistence.
    pub store: Arc<dyn Store>,
    /// The clusters.
    pub fleet: Arc<dyn Fleet>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports(..)")
    }
}

/// What `If-Match` demands: the caller's version, or any.
pub type BasedOn = Option<Generation>;

/// How often a decision is made anew when somebody else was quicker.
const ATTEMPTS: usize = 4;

/// Whether to decide anew after a failed commit: yes for a moved version, unless the caller named one.
fn settle(refusal: CommitError, attempt: usize, based_on: BasedOn) -> Result<(), Error> {
    match (refusal, based_on) {
        (CommitError::Stale, Some(_)) => Err(Error::Stale),
        (CommitError::Stale, None) if attempt + 1 < ATTEMPTS => Ok(()),
        (other, _) => Err(other.into()),
    }
}

/// Refuses when the caller named another version.
fn check_version(current: Generation, based_on: BasedOn) -> Result<(), Error> {
    match based_on {
        Some(version) if version != current => Err(Error::Stale),
        Some(_) | None => Ok(()),
    }
}

/// The one object a path means to this caller: what he may not see does not make a name ambiguous.
fn pick<T: Guarded>(
    actor: &Actor,
    action: Action,
    found: Vec<T>,
    uid: impl Fn(&T) -> uuid::Uuid,
) -> Result<T, Error> {
    let mut seen: Vec<T> = found
        .into_iter()
        .filter(|one| policy::sees(actor, &one.target()))
        .collect();
    if seen.len() > 1 {
        return Err(Conflict::Ambiguous(seen.iter().map(uid).collect()).into());
    }
    guard::require(actor, action, seen.pop())
}

/// The audit target of an object with a name.
fn about(kind: &'static str, uid: uuid::Uuid, name: &Name) -> AuditTarget {
    AuditTarget {
        kind,
        uid: Some(uid),
        name: name.as_str().to_owned(),
    }
}

impl Ports {
    fn change(
        &self,
        actor: &Actor,
        action: Action,
        target: AuditTarget,
        tenant: Option<TenantId>,
    ) -> ChangeSet {
        ChangeSet::by(actor, self.clock.now(), action, target, tenant)
    }
}
