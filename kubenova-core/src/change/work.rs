//! Work items: what has to be reconciled. The key dedups; a ticket says which request, a lease whose turn.

use std::time::Duration;

use uuid::Uuid;

use crate::value::{ClusterId, GrantId, ProjectId, TenantId};

/// An object to reconcile: an id, never a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// A cluster: probe, platform objects, departure.
    Cluster(ClusterId),
    /// A tenant.
    Tenant(TenantId),
    /// A project and its bindings.
    Project(ProjectId),
    /// A kubeconfig that ends.
    Grant(GrantId),
}

impl Work {
    /// The kind as stores keep it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Cluster(_) => "cluster",
            Self::Tenant(_) => "tenant",
            Self::Project(_) => "project",
            Self::Grant(_) => "grant",
        }
    }

    /// The id as stores keep it.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Cluster(id) => id.uuid(),
            Self::Tenant(id) => id.uuid(),
            Self::Project(id) => id.uuid(),
            Self::Grant(id) => id.uuid(),
        }
    }

    /// Puts the two together again.
    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "cluster" => Some(Self::Cluster(ClusterId::new(id))),
            "tenant" => Some(Self::Tenant(TenantId::new(id))),
            "project" => Some(Self::Project(ProjectId::new(id))),
            "grant" => Some(Self::Grant(GrantId::new(id))),
            _ => None,
        }
    }
}

/// A request that something be reconciled. Asking again gives the same row a new ticket, makes it due at the earlier
/// of both times and forgets its failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkRequest {
    /// What.
    pub item: Work,
    /// On which cluster: the bulkhead it counts against.
    pub cluster: ClusterId,
    /// Not before this long from now.
    pub after: Duration,
}

/// Which request was claimed, and by whom: both must still match for a result to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// The item.
    pub item: Work,
    /// The request.
    pub ticket: u64,
    /// The turn.
    pub lease: Lease,
}

/// Names one turn of one worker; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease(pub Uuid);
