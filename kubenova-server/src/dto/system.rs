//! Bodies of what the server tells about itself and about the caller.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use kubenova_core::access::{Actor, Role};

/// `GET /version`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// Version of the server.
    pub(crate) version: &'static str,
    /// Commit it was built from, or `unknown`.
    pub(crate) commit: &'static str,
    /// When it was built, or `unknown`.
    pub(crate) build_date: &'static str,
}

/// `GET /features`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Features {
    /// Tenants and projects.
    pub(crate) tenancy: bool,
    /// Kubeconfigs through an access proxy.
    pub(crate) proxy: bool,
    /// Apps.
    pub(crate) app_delivery: bool,
    /// Apps by `KubeVela`.
    pub(crate) vela: bool,
}

/// One check of `GET /readyz`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Check {
    /// What was looked at.
    pub(crate) name: &'static str,
    /// Whether it is as it should be.
    pub(crate) ok: bool,
    /// What is wrong, in our words; empty when nothing is.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) message: &'static str,
}

/// `GET /readyz`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether all checks are.
    pub(crate) ready: bool,
    /// One entry a check.
    pub(crate) checks: Vec<Check>,
}

/// `GET /me`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// Who the token speaks for.
    pub(crate) subject: String,
    /// What he may be.
    pub(crate) roles: Vec<&'static str>,
    /// Where scoped roles hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<Uuid>,
    /// Only these projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) projects: Option<Vec<Uuid>>,
    /// When the token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    /// Information only: no right hangs on them.
    pub(crate) groups: Vec<&'static str>,
}

impl From<&Actor> for Me {
    fn from(actor: &Actor) -> Self {
        let mut groups: Vec<_> = actor.roles.iter().map(Role::group).collect();
        groups.sort_unstable();
        groups.dedup();
        let scope = actor.scope.as_ref();
        let projects = scope.and_then(|scope| scope.projects.as_ref());
        Self {
            subject: actor.subject.as_str().to_owned(),
            roles: actor.roles.iter().map(Role::as_str).collect(),
            tenant: scope.map(|scope| scope.tenant.uuid()),
            projects: projects.map(|list| list.iter().map(|project| project.uuid()).collect()),
            expires_at: actor.expires_at,
            groups,
        }
    }
}
