//! Issuing, listing and revoking API tokens. The signature is the server's; the row is what makes a token live.

use jiff::SignedDuration;

use crate::access::{Action, Actor, Roles, guard};
use crate::change::{Require, Revoke, Write};
use crate::domain::audit::AuditTarget;
use crate::domain::credential::Token;
use crate::domain::service::Ports;
use crate::error::{Error, FieldError, Noun};
use crate::ports::store::TokenFilter;
use crate::value::{Page, Paged, ProjectId, Subject, TenantId, TokenId};

/// The shortest life of a token, in seconds.
pub const TTL_MIN: i64 = 60;
/// The longest life of a token, in seconds: 30 days.
pub const TTL_MAX: i64 = 2_592_000;

/// Issues a token.
#[derive(Debug, Clone)]
pub struct IssueToken {
    /// Whom it speaks for.
    pub subject: Subject,
    /// What it may be.
    pub roles: Roles,
    /// Where scoped roles hold.
    pub tenant: Option<TenantId>,
    /// Only these projects; `None` for the whole tenant.
    pub projects: Option<Vec<ProjectId>>,
    /// Its life in seconds, [`TTL_MIN`]..=[`TTL_MAX`].
    pub ttl: i64,
}

/// Use cases of API tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    ports: Ports,
}

impl Tokens {
    /// Wires them to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records a token with rights that do not exceed the caller's.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for rights above the caller's; [`Error::Invalid`] for a ttl out of range, a missing or
    /// unknown tenant, or projects that are not of it.
    pub async fn issue(&self, actor: &Actor, cmd: IssueToken) -> Result<Token, Error> {
        guard::require_system(actor, Action::IssueToken)?;
        check_rights(actor, &cmd.roles)?;
        check_shape(&cmd)?;
        if let Some(tenant) = cmd.tenant {
            self.check_scope(actor, tenant, cmd.projects.as_deref())
                .await?;
        }
        let now = self.ports.clock.now();
        let ends = now.checked_add(SignedDuration::from_secs(cmd.ttl));
        let token = Token {
            id: TokenId::new(self.ports.ids.next()),
            subject: cmd.subject,
            roles: cmd.roles,
            tenant: cmd.tenant,
            projects: cmd.projects,
            issued_by: actor.subject.clone(),
            created_at: now,
            expires_at: ends.map_err(|_| Error::invalid("ttlSeconds", "is out of range"))?,
            revoked_at: None,
        };
        let mut changes = self
            .ports
            .change(actor, Action::IssueToken, about(&token), token.tenant)
            .write(Write::InsertToken(Box::new(token.clone())));
        if let Some(tenant) = token.tenant {
            changes = changes.require(Require::TenantAccepts(tenant));
        }
        self.ports.store.commit(changes).await?;
        Ok(token)
    }

    /// One page of tokens: all of them, or the caller's tenant's.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn list(&self, actor: &Actor, page: Page) -> Result<Paged<Token>, Error> {
        guard::require_system(actor, Action::ListTokens)?;
        let scope = actor.scope.as_ref().map(|scope| scope.tenant);
        let tenant = if actor.is_unscoped() { None } else { scope };
        Ok(self
            .ports
            .store
            .tokens(TokenFilter { tenant }, page)
            .await?)
    }

    /// Revokes a token; again is fine.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] for a token with more rights than the caller.
    pub async fn revoke(&self, actor: &Actor, id: TokenId) -> Result<(), Error> {
        guard::require_system(actor, Action::RevokeToken)?;
        let found = self.ports.store.token(id).await?.map(|found| found.token);
        let token = found
            .filter(|token| {
                actor.is_unscoped()
                    || actor.scope.as_ref().map(|scope| scope.tenant) == token.tenant
                        && token.tenant.is_some()
            })
            .ok_or(Error::NotFound(Noun::Token))?;
        check_rights(actor, &token.roles)?;
        if token.revoked_at.is_some() {
            return Ok(());
        }
        let now = self.ports.clock.now();
        let changes = self
            .ports
            .change(actor, Action::RevokeToken, about(&token), token.tenant)
            .write(Write::RevokeTokens(Revoke::Token(id), now));
        self.ports.store.commit(changes).await?;
        Ok(())
    }

    /// Unknown, hidden and departing tenants get one answer.
    async fn check_scope(
        &self,
        actor: &Actor,
        tenant: TenantId,
        projects: Option<&[ProjectId]>,
    ) -> Result<(), Error> {
        let unknown = || Error::invalid("tenant", "names no tenant");
        let visible = actor.is_unscoped()
            || actor
                .scope
                .as_ref()
                .is_some_and(|scope| scope.tenant == tenant);
        let found = if visible {
            self.ports.store.tenant(tenant).await?
        } else {
            None
        };
        found
            .filter(|tenant| tenant.deleting.is_none())
            .ok_or_else(unknown)?;
        for (n, id) in projects.unwrap_or_default().iter().enumerate() {
            let project = self.ports.store.project(*id).await?;
            if project.is_none_or(|project| project.tenant != tenant) {
                return Err(Error::invalid(
                    format!("projects[{n}]"),
                    "names no project of the tenant",
                ));
            }
        }
        Ok(())
    }
}

fn about(token: &Token) -> AuditTarget {
    AuditTarget {
        kind: "token",
        uid: Some(token.id.uuid()),
        name: String::new(),
    }
}

/// Nobody hands out, or takes away, more than he has.
fn check_rights(actor: &Actor, roles: &Roles) -> Result<(), Error> {
    if roles.strongest() > actor.roles.strongest() {
        return Err(Error::Forbidden);
    }
    Ok(())
}

fn check_shape(cmd: &IssueToken) -> Result<(), Error> {
    let mut bad = Vec::new();
    // Whoever could speak for it would write audit entries that look like the server's own.
    if cmd.subject.as_str() == Actor::SYSTEM {
        bad.push(FieldError::new("subject", "is the server itself"));
    }
    if !(TTL_MIN..=TTL_MAX).contains(&cmd.ttl) {
        let range = format!("must be {TTL_MIN}..{TTL_MAX}");
        bad.push(FieldError::new("ttlSeconds", range));
    }
    match (cmd.roles.any_scoped(), cmd.tenant) {
        (true, None) => bad.push(FieldError::new("tenant", "is required for these roles")),
        (false, Some(_)) => bad.push(FieldError::new("tenant", "is only for scoped roles")),
        (true, Some(_)) | (false, None) => {}
    }
    match &cmd.projects {
        Some(list) if cmd.tenant.is_none() || list.is_empty() || list.len() > 100 => {
            bad.push(FieldError::new(
                "projects",
                "needs a tenant and 1 to 100 entries",
            ));
        }
        Some(_) | None => {}
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(bad))
    }
}
