//! One cluster: what is there, and what to write; in the domain's words, never as manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;

use crate::access::{ProjectRole, RequestId};
use crate::change::Work;
use crate::domain::bounds::Bounds;
use crate::domain::credential::Account;
use crate::domain::tenant::Owner;
use crate::value::{ClusterId, Name, ProjectId, Secret, Subject, SubjectKind, TenantId};

/// Why a cluster did not do what it was asked to. Messages never quote what the cluster answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No connection, no answer within the deadline, or an answer that is no Kubernetes.
    #[error("the cluster cannot be reached")]
    Unreachable,
    /// Its certificate is not the one the registered CA signed.
    #[error("the cluster's certificate is not trusted")]
    Tls,
    /// Another cluster answers at the registered address.
    #[error("another cluster answers at this address")]
    IdentityChanged,
    /// It does not accept our credential.
    #[error("the cluster refuses our credential")]
    Unauthorized,
    /// It does not let us do this.
    #[error("the cluster does not allow us to {what}")]
    Forbidden {
        /// Verb and kind, e.g. `create namespaces`; ours, not the cluster's text.
        what: String,
    },
    /// An admission webhook or the API server refused the content; trying again is useless.
    #[error("the cluster refused {what}")]
    Denied {
        /// Kind and name of what was refused; ours, not the cluster's text.
        what: String,
    },
    /// A webhook that must answer does not (Capsule is down).
    #[error("an admission webhook of the cluster does not answer")]
    WebhookDown,
    /// A kind that we need is not served.
    #[error("the cluster does not serve {0}")]
    Missing(&'static str),
    /// Somebody else changed it at the same moment; trying again makes sense.
    #[error("an object changed at the same moment")]
    Conflict,
    /// Its answer was over our limit, or not readable.
    #[error("the cluster's answer is not usable")]
    BadAnswer,
}

impl ClusterError {
    /// The `CamelCase` reason of a condition.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable => "Unreachable",
            Self::Tls => "CertificateNotTrusted",
            Self::IdentityChanged => "IdentityChanged",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden { .. } => "Forbidden",
            Self::Denied { .. } => "Denied",
            Self::WebhookDown => "WebhookDown",
            Self::Missing(_) => "KindMissing",
            Self::Conflict => "Conflict",
            Self::BadAnswer => "BadAnswer",
        }
    }

    /// Whether the cluster as a whole is away, so that its bulkhead shrinks.
    pub const fn is_away(&self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Tls | Self::IdentityChanged | Self::Unauthorized
        )
    }
}

/// What discovery finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Capsule's Tenant is served.
    pub tenancy: bool,
    /// KubeVela's Application is served.
    pub vela: bool,
    /// capsule-proxy's ProxySetting is served, or an access proxy is registered.
    pub proxy: bool,
    /// Served versions by part, e.g. `kubernetes` → `v1.34.4`, `capsule.clastix.io` → `v1beta2`.
    pub versions: BTreeMap<String, String>,
}

/// What a first look at a cluster tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// UID of `kube-system`.
    pub identity: String,
    /// `gitVersion` of the API server.
    pub version: String,
    /// Rights that we need and do not have, `verb resource`.
    pub missing_rights: Vec<String>,
    /// The credential may do everything: allowed, but worth a warning.
    pub all_powerful: bool,
}

/// Whether a platform part works for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// It does.
    pub ready: bool,
    /// `CamelCase` reason.
    pub reason: &'static str,
    /// A sentence a person can act on.
    pub message: String,
}

/// The intent for a Capsule Tenant and its owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSpec {
    /// Our id, a label on the cluster.
    pub id: TenantId,
    /// Our id of the cluster, a label too.
    pub cluster: ClusterId,
    /// Name of the Capsule Tenant.
    pub name: Name,
    /// The owners: each a TenantOwner with our own ClusterRole.
    pub owners: BTreeSet<Owner>,
    /// The caller's labels and annotations.
    pub labels: BTreeMap<String, String>,
    /// The caller's annotations.
    pub annotations: BTreeMap<String, String>,
    /// What bounds it.
    pub bounds: Bounds,
    /// The newest request that shaped this, as an annotation; `None` for a repair.
    pub request: Option<RequestId>,
}

/// The intent for a project's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSpec {
    /// Our id, a label on the cluster.
    pub id: ProjectId,
    /// The tenant's id, a label too.
    pub tenant: TenantId,
    /// The cluster's id, a label too.
    pub cluster: ClusterId,
    /// Name of the Capsule Tenant.
    pub tenant_name: Name,
    /// The project's name.
    pub name: Name,
    /// The namespace.
    pub namespace: Name,
    /// The caller's labels.
    pub labels: BTreeMap<String, String>,
    /// The caller's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The newest request that shaped this, as an annotation; `None` for a repair.
    pub request: Option<RequestId>,
}

/// Somebody in a role binding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingSubject {
    /// What.
    pub kind: SubjectKind,
    /// Who; the full name for service accounts.
    pub subject: Subject,
}

/// Whether an object that should be ours is there and as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is not there.
    Absent,
    /// It is there and equals the intent in every field we own, none too many.
    Current,
    /// It is ours and differs.
    Differs,
    /// It is ours and on its way out.
    Terminating,
    /// It is there and not ours: never touched.
    Foreign,
}

/// What is there of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedTenant {
    /// The Capsule Tenant.
    pub tenant: Presence,
    /// Capsule has worked on its newest version and calls it ready.
    pub usable: bool,
    /// Owners whose TenantOwner equals the intent.
    pub owners: BTreeSet<Owner>,
    /// Our TenantOwners of this tenant that are not wanted, or differ: object names.
    pub stray_owners: BTreeSet<String>,
    /// Namespaces that Capsule counts to it.
    pub namespaces: BTreeSet<String>,
}

/// What is there of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedProject {
    /// The namespace; [`Presence::Current`] demands label *and* owner reference of the tenant.
    pub namespace: Presence,
    /// Our role bindings there, with their exact subjects; `None` where the role reference is wrong.
    pub bindings: BTreeMap<ProjectRole, Option<BTreeSet<BindingSubject>>>,
    /// When the namespace is stuck on its way out: why, in our words.
    pub stuck: Option<String>,
}

/// What is there of a kubeconfig's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedAccount {
    /// The service account.
    pub account: bool,
    /// The Secret its token is bound to.
    pub secret: bool,
}

/// One write to a cluster: a whole object or its removal. Idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The namespace `kubenova-system`, the ClusterRoles of projects and owners.
    ApplyPlatform(ClusterId),
    /// Removes the platform objects; nothing of tenants.
    DeletePlatform(ClusterId),
    /// Lets go of everything: bindings, accounts, TenantOwners and platform objects are removed; Capsule Tenants and
    /// namespaces stay and lose our labels.
    ReleaseAll(ClusterId),
    /// The Capsule Tenant.
    ApplyTenant(TenantSpec),
    /// One owner of it.
    ApplyOwner(TenantSpec, Owner),
    /// A TenantOwner that is not wanted, by object name.
    DeleteOwner(TenantId, String),
    /// The Capsule Tenant, by name; only if it carries our id.
    DeleteTenant(TenantId, Name),
    /// The namespace, wherever it stands. Like [`Step::CreateNamespace`] it ends well only when the cluster's answer to
    /// this very write shows both marks of membership and all that was asked for; otherwise [`ClusterError::Conflict`].
    ApplyNamespace(ProjectSpec),
    /// The namespace that a look of the same turn found absent: written without a second look. One that somebody else
    /// made in between is given back as it was, and refused.
    CreateNamespace(ProjectSpec),
    /// The namespace; only if it carries our id.
    DeleteNamespace(ProjectId, Name),
    /// A role binding with exactly these subjects; never empty.
    ApplyBinding(ProjectSpec, ProjectRole, BTreeSet<BindingSubject>),
    /// A role binding nobody holds any more.
    DeleteBinding(ProjectId, Name, ProjectRole),
    /// Account and Secret of a kubeconfig.
    ApplyAccount(Account, ClusterId),
    /// The Secret, then the account.
    DeleteAccount(Account),
    /// An Event that says that a foreign change was undone.
    RecordDrift {
        /// The namespace it concerns, or `None` for cluster-wide objects.
        namespace: Option<Name>,
        /// What was repaired, in our words.
        what: String,
    },
}

/// A token for a kubeconfig.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The credential.
    pub token: Secret,
    /// When it ends, as the cluster decided.
    pub expires_at: Timestamp,
}

/// What a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// Something of this item was changed by somebody else.
    Changed(Work),
    /// Changes may have been missed: look at everything of the cluster.
    Resync,
    /// The platform objects or Capsule's configuration changed.
    Platform,
}

/// Looks at a cluster as a whole. Every call ends within the adapter's deadline.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ClusterProbe: Send + Sync {
    /// Identity, version and our rights.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn inspect(&self) -> Result<Inspection, ClusterError>;

    /// What discovery finds.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn capabilities(&self) -> Result<Capabilities, ClusterError>;

    /// Whether Capsule works for us; with `repair` our identity is added to its administrators when we may.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn tenancy(&self, repair: bool) -> Result<Report, ClusterError>;

    /// Whether the platform objects are as they should be.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn observe_platform(&self, cluster: ClusterId) -> Result<Presence, ClusterError>;

    /// Foreign changes of what we own, until the stream is dropped. It heals itself, and says [`Signal::Resync`] after a
    /// gap; it ends only when the client is discarded. What we wrote ourselves is not reported.
    fn watch(&self, cluster: ClusterId) -> BoxStream<'static, Signal>;
}

/// Reads and writes what we own on a cluster. Every call ends within the adapter's deadline.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ClusterState: Send + Sync {
    /// What is there of a tenant.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn observe_tenant(&self, want: &TenantSpec) -> Result<ObservedTenant, ClusterError>;

    /// What is there of a project.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn observe_project(&self, want: &ProjectSpec) -> Result<ObservedProject, ClusterError>;

    /// What is there of a kubeconfig's account.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn observe_account(&self, account: Account) -> Result<ObservedAccount, ClusterError>;

    /// Carries out one step. Returns when the API server has accepted it, not when its effect is complete: a deleted
    /// namespace is seen [`Presence::Terminating`] for a while.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn apply(&self, step: &Step) -> Result<(), ClusterError>;

    /// A token of an account that [`Step::ApplyAccount`] made, bound to its Secret. The cluster may shorten it.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn issue(&self, account: Account, ttl: Duration) -> Result<IssuedToken, ClusterError>;
}

/// All of a cluster.
pub trait ClusterClient: ClusterProbe + ClusterState {}

impl<T: ClusterProbe + ClusterState + ?Sized> ClusterClient for T {}
