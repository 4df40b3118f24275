//! Bodies of API tokens.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use kubenova_core::{
    access::{Role, Roles},
    domain::{credential, service::IssueToken},
    error::FieldError,
    value::{InvalidId, ProjectId, Subject, TenantId},
};

use super::common::Faults;
use crate::http::Problem;

/// `POST /tokens`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TokenRequest {
    /// Whom it shall speak for.
    pub(crate) subject: String,
    /// What it may be; `readOnly` when left out.
    #[serde(default)]
    pub(crate) roles: Option<Vec<String>>,
    /// Its life, 60..=2592000; 3600 when left out.
    #[serde(default)]
    pub(crate) ttl_seconds: Option<i64>,
    /// Uid of the tenant; required for the roles tenantOwner, projectDev and readOnly.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// Uids of the only projects it shall hold in.
    #[serde(default)]
    pub(crate) projects: Option<Vec<String>>,
}

/// The life of a token whose request names none, in seconds.
const TTL_DEFAULT: i64 = 3600;

impl TryFrom<TokenRequest> for IssueToken {
    type Error = Problem;

    fn try_from(body: TokenRequest) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let subject = Subject::parse(&body.subject);
        let subject =
            faults.take(subject.map_err(|why| FieldError::new("subject", why.to_string())));
        let roles = faults.take(roles(body.roles));
        let tenant = body.tenant.map(|text| id("tenant", &text));
        let tenant = faults.take(tenant.transpose());
        let projects = faults.take_all(body.projects.as_deref().map(projects).transpose());
        let ttl = body.ttl_seconds.unwrap_or(TTL_DEFAULT);
        let whole = subject.zip(roles).zip(tenant).zip(projects);
        let whole = whole.map(|(((subject, roles), tenant), projects)| Self {
            subject,
            roles,
            tenant,
            projects,
            ttl,
        });
        faults.whole(whole)
    }
}

fn roles(words: Option<Vec<String>>) -> Result<Roles, FieldError> {
    let Some(words) = words else {
        return Ok(Roles::one(Role::ReadOnly));
    };
    let mut roles = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let role = Role::parse(word)
            .ok_or_else(|| FieldError::new(format!("roles[{n}]"), "is not a role"))?;
        roles.push(role);
    }
    Roles::new(roles).ok_or_else(|| FieldError::new("roles", "must not be empty"))
}

fn projects(texts: &[String]) -> Result<Vec<ProjectId>, Vec<FieldError>> {
    let read = texts.iter().enumerate();
    let read = read.map(|(n, text)| id(&format!("projects[{n}]"), text));
    read.collect::<Result<_, _>>().map_err(|fault| vec![fault])
}

/// A token's end as its `exp` claim has it: in whole seconds.
pub(crate) fn told(end: Timestamp) -> Timestamp {
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

fn id<T: FromStr<Err = InvalidId>>(field: &str, text: &str) -> Result<T, FieldError> {
    text.parse()
        .map_err(|why: InvalidId| FieldError::new(field, why.to_string()))
}

/// The one answer that holds an API token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenResponse {
    /// The credential; told once.
    pub(crate) token: String,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// Its record, for revoking.
    pub(crate) id: Uuid,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A token's record; never the token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    /// Its id.
    pub(crate) id: Uuid,
    /// Whom it speaks for.
    pub(crate) subject: String,
    /// What it may be.
    pub(crate) roles: Vec<&'static str>,
    /// Where scoped roles hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<Uuid>,
    /// Only these projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) projects: Option<Vec<Uuid>>,
    /// Who issued it.
    pub(crate) issued_by: String,
    /// When.
    pub(crate) created_at: Timestamp,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// `active`, `revoked` or `expired`.
    pub(crate) state: &'static str,
}

impl Token {
    /// The record as of `now`.
    pub(crate) fn of(token: &credential::Token, now: Timestamp) -> Self {
        let projects = token.projects.as_ref();
        Self {
            id: token.id.uuid(),
            subject: token.subject.as_str().to_owned(),
            roles: token.roles.iter().map(Role::as_str).collect(),
            tenant: token.tenant.map(TenantId::uuid),
            projects: projects.map(|list| list.iter().map(|project| project.uuid()).collect()),
            issued_by: token.issued_by.as_str().to_owned(),
            created_at: token.created_at,
            expires_at: told(token.expires_at),
            state: token.state(now).as_str(),
        }
    }
}
