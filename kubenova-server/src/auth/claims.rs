//! What a token says, once it is believed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use kubenova_core::{
    access::{Role, Roles},
    domain::credential::Token,
    value::{ProjectId, Subject, TenantId, TokenId},
};

/// Clocks of those who issue and those who verify may differ by this much.
const LEEWAY: SignedDuration = SignedDuration::from_secs(5);

/// No token lives longer.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a token says. Every value has the shape the domain demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The id of its record.
    pub id: TokenId,
    /// Whom it speaks for.
    pub subject: Subject,
    /// What he may be; never empty.
    pub roles: Roles,
    /// Where scoped roles hold; present whenever there is one.
    pub tenant: Option<TenantId>,
    /// Only these projects.
    pub projects: Option<Vec<ProjectId>>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Claims {
    /// Whether it has ended at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.expires_at) > LEEWAY
    }
}

/// The claims as they travel.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Raw {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    jti: Uuid,
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    projects: Option<Vec<Uuid>>,
}

impl Raw {
    pub(super) fn of(token: &Token, issuer: &str, audience: &str) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: token.subject.as_str().to_owned(),
            iat: token.created_at.as_second(),
            exp: token.expires_at.as_second(),
            nbf: None,
            jti: token.id.uuid(),
            roles: token
                .roles
                .iter()
                .map(|role| role.as_str().to_owned())
                .collect(),
            tenant: token.tenant.map(TenantId::uuid),
            projects: token
                .projects
                .as_ref()
                .map(|projects| projects.iter().map(|project| project.uuid()).collect()),
        }
    }

    /// Believes the claims, or not. There is no default for anything.
    pub(super) fn check(self, issuer: &str, audience: &str, now: Timestamp) -> Option<Claims> {
        let issued_at = Timestamp::from_second(self.iat).ok()?;
        let expires_at = Timestamp::from_second(self.exp).ok()?;
        let life = expires_at.duration_since(issued_at);
        let begins = match self.nbf {
            Some(nbf) => issued_at.max(Timestamp::from_second(nbf).ok()?),
            None => issued_at,
        };
        let well_timed =
            life.is_positive() && life <= LONGEST_LIFE && begins.duration_since(now) <= LEEWAY;
        let roles = self
            .roles
            .iter()
            .map(|role| Role::parse(role))
            .collect::<Option<Vec<_>>>()?;
        let claims = Claims {
            id: TokenId::new(self.jti),
            subject: Subject::parse(&self.sub).ok()?,
            roles: Roles::new(roles)?,
            tenant: self.tenant.map(TenantId::new),
            projects: self
                .projects
                .map(|projects| projects.into_iter().map(ProjectId::new).collect()),
            expires_at,
        };
        let scoped = claims.tenant.is_some();
        let well_scoped = scoped || !claims.roles.any_scoped() && claims.projects.is_none();
        let ours = self.iss == issuer && self.aud == audience;
        (ours && well_timed && well_scoped && !claims.is_over(now)).then_some(claims)
    }
}
