//! Builders of tokens and grants.

use super::subject;
use crate::access::{ProjectRole, Role, Roles};
use crate::domain::cluster::ProxyKind;
use crate::domain::credential::{Grant, Revocation, Token};
use crate::testing::clock::at;
use crate::value::{ClusterId, GrantId, ProjectId, TenantId, TokenId};

/// Builds a [`Token`].
#[derive(Debug, Clone)]
pub struct TokenBuilder(Token);

/// Builds a [`Grant`].
#[derive(Debug, Clone)]
pub struct GrantBuilder(Grant);

/// Token number 1: `alice` owns tenant number 1, for an hour.
pub fn a_token() -> TokenBuilder {
    TokenBuilder(Token {
        id: TokenId::nth(1),
        subject: subject("alice"),
        roles: Roles::one(Role::TenantOwner),
        tenant: Some(TenantId::nth(1)),
        projects: None,
        issued_by: subject("root"),
        created_at: at(0),
        expires_at: at(3600),
        revoked_at: None,
    })
}

/// Grant number 1: `alice` owns every project of tenant number 1 on cluster number 1, for an hour.
pub fn a_grant() -> GrantBuilder {
    GrantBuilder(Grant {
        id: GrantId::nth(1),
        subject: subject("alice"),
        issued_by: subject("root"),
        tenant: TenantId::nth(1),
        project: None,
        role: ProjectRole::TenantOwner,
        cluster: ClusterId::nth(1),
        endpoint: ProxyKind::Direct,
        created_at: at(0),
        expires_at: at(3600),
        issued: true,
        revocation: Revocation::default(),
    })
}

impl TokenBuilder {
    /// The id by number.
    #[must_use]
    pub const fn nth(mut self, n: u128) -> Self {
        self.0.id = TokenId::nth(n);
        self
    }

    /// Whom it speaks for.
    #[must_use]
    pub fn of(mut self, who: &str) -> Self {
        self.0.subject = subject(who);
        self
    }

    /// An admin's: without a tenant.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.0.roles = Roles::one(Role::Admin);
        self.0.tenant = None;
        self
    }

    /// The tenant it is bound to.
    #[must_use]
    pub const fn tenant(mut self, tenant: TenantId) -> Self {
        self.0.tenant = Some(tenant);
        self
    }

    /// The projects it is narrowed to.
    #[must_use]
    pub fn projects<const N: usize>(mut self, projects: [ProjectId; N]) -> Self {
        self.0.projects = Some(projects.to_vec());
        self
    }

    /// When it was issued and when it ends.
    #[must_use]
    pub fn life(mut self, from: i64, to: i64) -> Self {
        (self.0.created_at, self.0.expires_at) = (at(from), at(to));
        self
    }

    /// The token.
    pub fn build(self) -> Token {
        self.0
    }
}

impl GrantBuilder {
    /// The id by number.
    #[must_use]
    pub const fn nth(mut self, n: u128) -> Self {
        self.0.id = GrantId::nth(n);
        self
    }

    /// Who it was issued to.
    #[must_use]
    pub fn of(mut self, who: &str) -> Self {
        self.0.subject = subject(who);
        self
    }

    /// Where it opens doors.
    #[must_use]
    pub const fn tenant(mut self, tenant: TenantId, cluster: ClusterId) -> Self {
        (self.0.tenant, self.0.cluster) = (tenant, cluster);
        self
    }

    /// The one project it is for.
    #[must_use]
    pub const fn project(mut self, project: ProjectId, role: ProjectRole) -> Self {
        (self.0.project, self.0.role) = (Some(project), role);
        self
    }

    /// When it was issued and when it ends.
    #[must_use]
    pub fn life(mut self, from: i64, to: i64) -> Self {
        (self.0.created_at, self.0.expires_at) = (at(from), at(to));
        self
    }

    /// Not handed out yet.
    #[must_use]
    pub const fn unissued(mut self) -> Self {
        self.0.issued = false;
        self
    }

    /// How far it is dead.
    #[must_use]
    pub const fn revocation(mut self, revocation: Revocation) -> Self {
        self.0.revocation = revocation;
        self
    }

    /// The grant.
    pub fn build(self) -> Grant {
        self.0
    }
}
