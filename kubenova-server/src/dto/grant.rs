//! Bodies of kubeconfigs and their records.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use kubenova_core::{
    access::ProjectRole,
    domain::{
        credential,
        service::{
            IssueGrant, IssuedKubeconfig,
            grant::{GrantAt, TTL_MAX},
        },
        tenant::TenantAt,
    },
    error::FieldError,
    value::{Name, ProjectId},
};

use super::common::Faults;
use crate::http::Problem;

/// `POST /tenants/{t}/kubeconfig`; all of it may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct KubeconfigRequest {
    /// Name of the only project it shall open.
    #[serde(default)]
    project: Option<String>,
    /// `tenantOwner`, `projectDev` or `readOnly`; `readOnly` when left out.
    #[serde(default)]
    role: Option<String>,
    /// Its life, 0..=315360000; 0 or left out: 3600. The cluster may shorten it.
    #[serde(default)]
    ttl_seconds: Option<i64>,
}

impl KubeconfigRequest {
    /// The command, for the tenant of the path.
    ///
    /// # Errors
    /// 422 with every unusable field.
    pub(crate) fn of(self, tenant: TenantAt) -> Result<IssueGrant, Problem> {
        let mut faults = Faults::default();
        let project = self.project.as_deref().map(Name::parse).transpose();
        let project =
            faults.take(project.map_err(|why| FieldError::new("project", why.to_string())));
        let role = match self.role.as_deref() {
            Some(word) => ProjectRole::parse(word).ok_or_else(|| {
                FieldError::new("role", "must be tenantOwner, projectDev or readOnly")
            }),
            None => Ok(ProjectRole::ReadOnly),
        };
        let role = faults.take(role);
        let ttl = self.ttl_seconds.unwrap_or(0);
        if !(0..=TTL_MAX).contains(&ttl) {
            faults.note("ttlSeconds", format!("must be 0 to {TTL_MAX}"));
        }
        let whole = project.zip(role).map(|(project, role)| IssueGrant {
            at: GrantAt::Tenant(tenant, project),
            role,
            ttl,
        });
        faults.whole(whole)
    }
}

/// The one answer that holds a kubeconfig.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KubeconfigResponse)]
pub(crate) struct Kubeconfig {
    /// Base64 of YAML; told once.
    pub(crate) kubeconfig: String,
    /// When it ends, really.
    pub(crate) expires_at: Timestamp,
    /// Its record, for revoking.
    pub(crate) grant_id: Uuid,
}

impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubeconfig")
            .field("grant_id", &self.grant_id)
            .finish_non_exhaustive()
    }
}

impl From<&IssuedKubeconfig> for Kubeconfig {
    fn from(issued: &IssuedKubeconfig) -> Self {
        Self {
            kubeconfig: STANDARD.encode(issued.kubeconfig.expose()),
            expires_at: issued.grant.expires_at,
            grant_id: issued.grant.id.uuid(),
        }
    }
}

/// How far a revoked kubeconfig is dead; null until it was seen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revocation {
    /// When it was asked for.
    pub(crate) requested_at: Option<Timestamp>,
    /// From here on the cluster answers 403.
    pub(crate) binding_cut_at: Option<Timestamp>,
    /// From here on the cluster answers 401.
    pub(crate) credential_dead_at: Option<Timestamp>,
}

/// A kubeconfig's record; never the kubeconfig.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Grant {
    /// Its id.
    pub(crate) id: Uuid,
    /// Who it was issued for.
    pub(crate) subject: String,
    /// Who issued it.
    pub(crate) issued_by: String,
    /// Uid of the tenant it opens.
    pub(crate) tenant: Uuid,
    /// Uid of the only project it opens.
    pub(crate) project: Option<Uuid>,
    /// As what.
    pub(crate) role: &'static str,
    /// Uid of the cluster.
    pub(crate) cluster: Uuid,
    /// `proxy`, `direct` or `custom`.
    pub(crate) endpoint: &'static str,
    /// When it was issued.
    pub(crate) created_at: Timestamp,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// `active`, `revoked` or `expired`.
    pub(crate) state: &'static str,
    /// How far it is dead.
    pub(crate) revocation: Revocation,
}

impl Grant {
    /// The record as of `now`.
    pub(crate) fn of(grant: &credential::Grant, now: Timestamp) -> Self {
        let seen = &grant.revocation;
        Self {
            id: grant.id.uuid(),
            subject: grant.subject.as_str().to_owned(),
            issued_by: grant.issued_by.as_str().to_owned(),
            tenant: grant.tenant.uuid(),
            project: grant.project.map(ProjectId::uuid),
            role: grant.role.as_str(),
            cluster: grant.cluster.uuid(),
            endpoint: grant.endpoint.endpoint(),
            created_at: grant.created_at,
            expires_at: grant.expires_at,
            state: grant.state(now).as_str(),
            revocation: Revocation {
                requested_at: seen.requested_at,
                binding_cut_at: seen.binding_cut_at,
                credential_dead_at: seen.credential_dead_at,
            },
        }
    }
}
