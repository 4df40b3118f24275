//! The closed lists of writes and preconditions that stores carry out.

use jiff::Timestamp;

use crate::change::work::Receipt;
use crate::domain::cluster::Cluster;
use crate::domain::credential::{Grant, Token};
use crate::domain::project::{Members, Project};
use crate::domain::tenant::Tenant;
use crate::value::{ClusterId, GrantId, ProjectId, Secret, Status, Subject, TenantId, TokenId};

/// One row, or one closed set of rows, to write.
///
/// *Updates* carry the whole new intent with `generation` one above the version they are based on; a store refuses
/// with [`CommitError::Stale`](crate::ports::store::CommitError::Stale) when the row has another generation, or is gone.
/// They never touch `status`; the status writes never touch intent and never lower `observed`.
#[derive(Debug, Clone)]
pub enum Write {
    /// A new cluster and its rebuilt kubeconfig, which the store seals.
    InsertCluster(Box<Cluster>, Secret),
    /// New intent of a cluster.
    UpdateCluster(Box<Cluster>),
    /// What reconcilers saw: status and the version of the API server.
    ClusterStatus(ClusterId, Status, String),
    /// The end of a cluster with all that hangs on it: credential, tenants, projects, members, grants; tokens of its
    /// tenants are revoked. Queue rows of them go too.
    PurgeCluster(ClusterId, Timestamp),
    /// A new tenant.
    InsertTenant(Box<Tenant>),
    /// New intent of a tenant.
    UpdateTenant(Box<Tenant>),
    /// What reconcilers saw.
    TenantStatus(TenantId, Status),
    /// The end of a tenant without projects; its tokens are revoked, its grants stay as history.
    PurgeTenant(TenantId, Timestamp),
    /// Marks every project of the tenant for deletion that is not marked yet (generation + 1) and asks for its work.
    DeleteProjectsOf(TenantId, Timestamp),
    /// A new project; its namespace is reserved on the cluster by the same write.
    InsertProject(Box<Project>),
    /// New intent of a project.
    UpdateProject(Box<Project>),
    /// The complete member list; goes together with an [`Write::UpdateProject`].
    SetMembers(ProjectId, Members),
    /// What reconcilers saw.
    ProjectStatus(ProjectId, Status),
    /// The end of a project: row, members, reservation of the namespace; its grants stay as history.
    PurgeProject(ProjectId, Timestamp),
    /// A new API token.
    InsertToken(Box<Token>),
    /// Revokes API tokens; those already revoked keep their time.
    RevokeTokens(Revoke, Timestamp),
    /// A new kubeconfig, not handed out yet.
    InsertGrant(Box<Grant>),
    /// The new state of one kubeconfig (`issued`, `expires_at`, `revocation`). Times that are set stay as they are.
    UpdateGrant(Box<Grant>),
    /// Requests the revocation of kubeconfigs, and the work that carries it out; those already requested keep their time.
    RevokeGrants(Revoke, Timestamp),
    /// Removes history of one kubeconfig.
    PurgeGrant(GrantId),
}

/// Which credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// One API token. Ignored for grants.
    Token(TokenId),
    /// One kubeconfig. Ignored for tokens.
    Grant(GrantId),
    /// All of a tenant.
    Tenant(TenantId),
    /// All that are for this project alone: kubeconfigs of it, and API tokens narrowed to it and nothing else.
    Project(ProjectId),
    /// Those of one subject in a tenant, whatever the role.
    SubjectInTenant(Subject, TenantId),
    /// Those of one subject that are for this project: kubeconfigs of it, and API tokens whose list of projects names it,
    /// alone or beside others.
    SubjectInProject(Subject, ProjectId),
}

/// What must hold at the moment of the commit, checked under a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// The cluster exists and is not being deleted.
    ClusterAccepts(ClusterId),
    /// The tenant exists and is not being deleted.
    TenantAccepts(TenantId),
    /// The project exists and is not being deleted.
    ProjectAccepts(ProjectId),
    /// No tenant lives on the cluster.
    NoTenants(ClusterId),
    /// No project lives in the tenant.
    NoProjects(TenantId),
    /// The tenant has fewer projects than this.
    RoomForProject(TenantId, u64),
    /// The worker still holds this item.
    Holds(Receipt),
}
