//! What was issued to whom: API tokens and kubeconfigs; never the credential itself.

use jiff::Timestamp;

use crate::access::guard::Guarded;
use crate::access::{ProjectRole, Roles, Target};
use crate::domain::cluster::ProxyKind;
use crate::error::Noun;
use crate::value::{ClusterId, GrantId, ProjectId, Subject, TenantId, TokenId};

/// Namespace of the accounts behind kubeconfigs.
pub const PLATFORM_NAMESPACE: &str = "kubenova-system";

/// An issued API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The `jti`.
    pub id: TokenId,
    /// Whom it speaks for.
    pub subject: Subject,
    /// What it may be.
    pub roles: Roles,
    /// Where scoped roles hold.
    pub tenant: Option<TenantId>,
    /// Only these projects; `None` for the whole tenant.
    pub projects: Option<Vec<ProjectId>>,
    /// Who issued it.
    pub issued_by: Subject,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a credential still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialState {
    /// It works.
    Active,
    /// It was revoked.
    Revoked,
    /// It ended by itself.
    Expired,
}

impl CredentialState {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// Reads the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Revoked, Self::Expired]
            .into_iter()
            .find(|s| s.as_str() == text)
    }

    const fn of(revoked: bool, expired: bool) -> Self {
        match (revoked, expired) {
            (true, _) => Self::Revoked,
            (false, true) => Self::Expired,
            (false, false) => Self::Active,
        }
    }
}

impl Token {
    /// Whether it works at `now`.
    pub fn state(&self, now: Timestamp) -> CredentialState {
        CredentialState::of(self.revoked_at.is_some(), self.expires_at <= now)
    }
}

/// How far a revoked kubeconfig is dead; each time is set when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revocation {
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// When no role binding named the account any more: from here on 403.
    pub binding_cut_at: Option<Timestamp>,
    /// When the account and the Secret that its token is bound to were seen gone. Not part of answers.
    pub secret_gone_at: Option<Timestamp>,
    /// When the Secret that the token is bound to was gone and the API server's cache of good tokens (10 s) had run out:
    /// from here on 401.
    pub credential_dead_at: Option<Timestamp>,
}

/// An issued kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Our id.
    pub id: GrantId,
    /// Who it was issued to.
    pub subject: Subject,
    /// Who issued it.
    pub issued_by: Subject,
    /// Where it opens doors.
    pub tenant: TenantId,
    /// Only this project; `None` for every project of the tenant.
    pub project: Option<ProjectId>,
    /// As what.
    pub role: ProjectRole,
    /// On which cluster.
    pub cluster: ClusterId,
    /// Through what.
    pub endpoint: ProxyKind,
    /// When.
    pub created_at: Timestamp,
    /// When it ends: never later than asked, and never later than the token itself.
    pub expires_at: Timestamp,
    /// False until the credential was handed out; such a row is swept when its issue was interrupted.
    pub issued: bool,
    /// How far it is dead; all `None` while it lives.
    pub revocation: Revocation,
}

impl Grant {
    /// Whether it works at `now`.
    pub fn state(&self, now: Timestamp) -> CredentialState {
        CredentialState::of(
            self.revocation.requested_at.is_some(),
            self.expires_at <= now,
        )
    }

    /// Whether role bindings name its account at `now`.
    pub fn is_bound(&self, now: Timestamp) -> bool {
        self.state(now) == CredentialState::Active
    }

    /// The account on the cluster. Names carry the tenant's uid, so equal names elsewhere are never confused.
    pub fn account(&self) -> Account {
        Account {
            grant: self.id,
            tenant: self.tenant,
        }
    }
}

impl Guarded for Grant {
    const NOUN: Noun = Noun::Grant;

    fn target(&self) -> Target {
        Target::Grant {
            tenant: self.tenant,
            project: self.project,
            subject: self.subject.clone(),
        }
    }
}

/// The service account behind one kubeconfig, and the Secret its token is bound to; both have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The grant.
    pub grant: GrantId,
    /// The tenant of the grant.
    pub tenant: TenantId,
}

impl Account {
    /// Name of the service account and of the Secret, in [`PLATFORM_NAMESPACE`].
    pub fn name(&self) -> String {
        format!("grant-{}-{}", self.tenant, self.grant)
    }

    /// The full name that Kubernetes gives the account.
    pub fn full_name(&self) -> String {
        format!("system:serviceaccount:{PLATFORM_NAMESPACE}:{}", self.name())
    }
}
