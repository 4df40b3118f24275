//! Rows of tokens and grants.

use jiff_sqlx::Timestamp;
use uuid::Uuid;

use kubenova_core::access::{ProjectRole, Role, Roles};
use kubenova_core::domain::cluster::ProxyKind;
use kubenova_core::domain::credential::{Grant, Revocation, Token};
use kubenova_core::ports::store::{StoreError, TokenLookup};
use kubenova_core::value::{ClusterId, GrantId, Position, ProjectId, TenantId, TokenId};

use super::{Place, Row, moment};
use crate::position;

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct TokenRow {
    pub(in crate::postgres) id: Uuid,
    subject: String,
    #[sqlx(json)]
    roles: Vec<String>,
    tenant_id: Option<Uuid>,
    #[sqlx(json(nullable))]
    projects: Option<Vec<Uuid>>,
    issued_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    cluster_id: Option<Uuid>,
}

impl Row for TokenRow {
    type Value = TokenLookup;

    fn position(&self) -> Position {
        position::of_time(self.created_at.to_jiff(), self.id)
    }

    fn value(self) -> Result<TokenLookup, StoreError> {
        let place = Place("tokens", self.id);
        let roles = self
            .roles
            .iter()
            .map(|role| place.word(Role::parse(role), "role"));
        let roles = roles.collect::<Result<Vec<_>, _>>()?;
        let projects = self
            .projects
            .map(|ids| ids.into_iter().map(ProjectId::new).collect());
        Ok(TokenLookup {
            token: Token {
                id: TokenId::new(self.id),
                subject: place.subject(&self.subject)?,
                roles: place.word(Roles::new(roles), "roles")?,
                tenant: self.tenant_id.map(TenantId::new),
                projects,
                issued_by: place.subject(&self.issued_by)?,
                created_at: self.created_at.to_jiff(),
                expires_at: self.expires_at.to_jiff(),
                revoked_at: moment(self.revoked_at),
            },
            cluster: self.cluster_id.map(ClusterId::new),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct GrantRow {
    id: Uuid,
    subject: String,
    issued_by: String,
    tenant_id: Uuid,
    project_id: Option<Uuid>,
    role: String,
    cluster_id: Uuid,
    endpoint: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    issued: bool,
    requested_at: Option<Timestamp>,
    binding_cut_at: Option<Timestamp>,
    secret_gone_at: Option<Timestamp>,
    credential_dead_at: Option<Timestamp>,
}

impl Row for GrantRow {
    type Value = Grant;

    fn position(&self) -> Position {
        position::of_time(self.created_at.to_jiff(), self.id)
    }

    fn value(self) -> Result<Grant, StoreError> {
        let place = Place("grants", self.id);
        Ok(Grant {
            id: GrantId::new(self.id),
            subject: place.subject(&self.subject)?,
            issued_by: place.subject(&self.issued_by)?,
            tenant: TenantId::new(self.tenant_id),
            project: self.project_id.map(ProjectId::new),
            role: place.word(ProjectRole::parse(&self.role), "role")?,
            cluster: ClusterId::new(self.cluster_id),
            endpoint: place.word(ProxyKind::parse(&self.endpoint), "endpoint")?,
            created_at: self.created_at.to_jiff(),
            expires_at: self.expires_at.to_jiff(),
            issued: self.issued,
            revocation: Revocation {
                requested_at: moment(self.requested_at),
                binding_cut_at: moment(self.binding_cut_at),
                secret_gone_at: moment(self.secret_gone_at),
                credential_dead_at: moment(self.credential_dead_at),
            },
        })
    }
}
