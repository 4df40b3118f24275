//! The one error of use cases: a closed kind, and messages that are fit for strangers.

use std::time::Duration;

use uuid::Uuid;

use crate::ports::store::StoreError;

/// What a message calls an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A cluster.
    Cluster,
    /// A tenant.
    Tenant,
    /// A project.
    Project,
    /// An API token.
    Token,
    /// An issued kubeconfig.
    Grant,
}

impl Noun {
    /// The word in a message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Tenant => "tenant",
            Self::Project => "project",
            Self::Token => "token",
            Self::Grant => "grant",
        }
    }
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One unusable field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field in the body, e.g. `labels.team`, or the parameter's name.
    pub field: String,
    /// Why it was refused.
    pub reason: String,
}

impl FieldError {
    /// Names a field and the reason.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// Why the state forbids what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The name is in use.
    #[error("the name of this {0} is taken")]
    NameTaken(Noun),
    /// Another project's namespace has this name on the cluster.
    #[error("the namespace name is taken on this cluster")]
    NamespaceTaken,
    /// The cluster is registered already, perhaps under another name.
    #[error("this cluster is registered already")]
    ClusterKnown,
    /// Tenants live there.
    #[error("the cluster still has tenants")]
    HasTenants,
    /// Projects live there.
    #[error("the tenant still has projects")]
    HasProjects,
    /// It is on its way out.
    #[error("the {0} is being deleted")]
    Deleting(Noun),
    /// The name fits several objects.
    #[error("the name fits several objects; use a uid")]
    Ambiguous(Vec<Uuid>),
    /// The subject would lose the last owner.
    #[error("a tenant owner cannot leave his tenant without an owner")]
    LastOwner,
    /// Too many of them.
    #[error("no further {0} is allowed here")]
    Exhausted(Noun),
    /// Others kept changing it.
    #[error("the object changed at the same moment; try again")]
    Contended,
}

/// What a use case answers when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A bad path or query parameter.
    #[error("a parameter is not usable")]
    BadParameter(Vec<FieldError>),
    /// Absent, or hidden from this caller: one answer.
    #[error("{0} not found")]
    NotFound(Noun),
    /// Known, but not allowed.
    #[error("not allowed")]
    Forbidden,
    /// The state forbids it.
    #[error("{0}")]
    Conflict(Conflict),
    /// `If-Match` names another version.
    #[error("the object has another version")]
    Stale,
    /// A body that cannot be accepted.
    #[error("the request is not acceptable")]
    Invalid(Vec<FieldError>),
    /// A store or cluster did not answer in time.
    #[error("a dependency is away")]
    Away {
        /// What happened, for logs only.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// When it makes sense to try again.
        retry_after: Duration,
    },
    /// A defect of ours, or a row that breaks an invariant.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The closed list of kinds, one per status of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400.
    BadParameter,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 412.
    Stale,
    /// 422.
    Invalid,
    /// 503.
    Away,
    /// 500.
    Internal,
}

impl Error {
    /// One bad field.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, reason)])
    }

    /// A dependency that is away; try again in two seconds.
    pub fn away(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Away {
            source: source.into(),
            retry_after: Duration::from_secs(2),
        }
    }

    /// The kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::BadParameter(_) => Kind::BadParameter,
            Self::NotFound(_) => Kind::NotFound,
            Self::Forbidden => Kind::Forbidden,
            Self::Conflict(_) => Kind::Conflict,
            Self::Stale => Kind::Stale,
            Self::Invalid(_) => Kind::Invalid,
            Self::Away { .. } => Kind::Away,
            Self::Internal(_) => Kind::Internal,
        }
    }
}

impl From<StoreError> for Error {
    fn from(err: StoreError) -> Self {
        match err {
            StoreError::Away(source) => Self::away(source),
            StoreError::Corrupt(_) => Self::Internal(Box::new(err)),
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}
