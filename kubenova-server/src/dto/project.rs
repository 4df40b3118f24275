//! Bodies of projects and of who may work in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use kubenova_core::{
    access::ProjectRole,
    domain::{
        project::{self, MEMBERS_MAX, Member, Members, ProjectAt},
        service::{BasedOn, CreateProject, UpdateProject},
        tenant::TenantAt,
    },
    error::FieldError,
    value::{Name, Subject, SubjectKind},
};

use super::common::{Faults, ReadOnly, Status, annotations, labels, status};
use crate::http::{Problem, json::Object};

/// `POST` and `PUT` of projects; in a `PUT` everything may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ProjectRequest)]
pub(crate) struct Request {
    /// Required to create; never changes.
    #[serde(default)]
    name: Option<String>,
    /// Repeats the path, by uid or name.
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "uid")]
    #[schema(ignore)]
    _uid: ReadOnly,
    #[serde(default, rename = "createdAt")]
    #[schema(ignore)]
    _created_at: ReadOnly,
    #[serde(default, rename = "namespace")]
    #[schema(ignore)]
    _namespace: ReadOnly,
    #[serde(default, rename = "resourceVersion")]
    #[schema(ignore)]
    _resource_version: ReadOnly,
    #[serde(default, rename = "status")]
    #[schema(ignore)]
    _status: ReadOnly,
}

impl Request {
    /// The command that creates it below a tenant.
    ///
    /// # Errors
    /// 422 with every unusable field.
    pub(crate) fn create(self, tenant: TenantAt) -> Result<CreateProject, Problem> {
        let mut faults = Faults::default();
        let named = match &self.name {
            Some(text) => Name::parse(text).map_err(|why| FieldError::new("name", why.to_string())),
            None => Err(FieldError::new("name", "is required")),
        };
        let name = faults.take(named);
        let labels = faults.take(labels(self.labels.unwrap_or_default()));
        let annotations = faults.take(annotations(self.annotations.unwrap_or_default()));
        let whole = name.zip(labels).zip(annotations);
        let whole = whole.map(|((name, labels), annotations)| CreateProject {
            tenant,
            name,
            labels,
            annotations,
            said_tenant: self.tenant,
        });
        faults.whole(whole)
    }

    /// The command that changes the project of the path.
    ///
    /// # Errors
    /// 422 with every unusable field.
    pub(crate) fn update(self, at: ProjectAt, based_on: BasedOn) -> Result<UpdateProject, Problem> {
        let mut faults = Faults::default();
        let labels = faults.take(self.labels.map(labels).transpose());
        let annotations = faults.take(self.annotations.map(annotations).transpose());
        let whole = labels
            .zip(annotations)
            .map(|(labels, annotations)| UpdateProject {
                at,
                labels,
                annotations,
                said_name: self.name,
                said_tenant: self.tenant,
                based_on,
            });
        faults.whole(whole)
    }
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    /// Its id.
    pub(crate) uid: Uuid,
    /// Unique per tenant.
    pub(crate) name: String,
    /// Name of its tenant.
    pub(crate) tenant: String,
    /// Its namespace on the cluster.
    pub(crate) namespace: String,
    /// The caller's labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// The caller's annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// Moves with intent.
    pub(crate) resource_version: String,
    /// How far the cluster follows.
    pub(crate) status: Status,
}

impl From<&project::Project> for Project {
    fn from(project: &project::Project) -> Self {
        Self {
            uid: project.id.uuid(),
            name: project.name.as_str().to_owned(),
            tenant: project.tenant_name.as_str().to_owned(),
            namespace: project.namespace.as_str().to_owned(),
            labels: project.labels.as_map().clone(),
            annotations: project.annotations.as_map().clone(),
            created_at: project.created_at,
            resource_version: project.generation.to_string(),
            status: status(&project.status, project.deleting.is_some()),
        }
    }
}

/// Somebody with a role in a project.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProjectMember)]
pub(crate) struct MemberEntry {
    /// Who.
    pub(crate) subject: String,
    /// `tenantOwner`, `projectDev` or `readOnly`.
    pub(crate) role: String,
    /// `User`, `Group` or `ServiceAccount`; `User` when left out.
    #[serde(default = "user")]
    pub(crate) kind: String,
}

fn user() -> String {
    SubjectKind::User.as_str().to_owned()
}

/// Who may work in a project: always the complete list.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProjectAccess)]
pub(crate) struct Access {
    /// One entry per subject, kind and role.
    #[schema(value_type = Vec<MemberEntry>)]
    pub(crate) members: Vec<Object<MemberEntry>>,
}

impl TryFrom<Access> for Members {
    type Error = Problem;

    fn try_from(body: Access) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        if body.members.len() > MEMBERS_MAX {
            faults.note(
                "members",
                format!("must have at most {MEMBERS_MAX} entries"),
            );
        }
        let mut members = Self::new();
        for (n, entry) in body.members.iter().enumerate().take(MEMBERS_MAX) {
            members.extend(faults.take(member(n, &entry.0)));
        }
        faults.whole(Some(members))
    }
}

fn member(n: usize, entry: &MemberEntry) -> Result<Member, FieldError> {
    let at = |field: &str, reason: &str| FieldError::new(format!("members[{n}].{field}"), reason);
    let role = ProjectRole::parse(&entry.role)
        .ok_or_else(|| at("role", "must be tenantOwner, projectDev or readOnly"))?;
    let kind = SubjectKind::parse(&entry.kind)
        .ok_or_else(|| at("kind", "must be User, Group or ServiceAccount"))?;
    let subject = Subject::parse_grantee(&entry.subject, kind)
        .map_err(|why| at("subject", &why.to_string()))?;
    Ok(Member {
        role,
        kind,
        subject,
    })
}

impl From<&Members> for Access {
    fn from(members: &Members) -> Self {
        let entry = |member: &Member| MemberEntry {
            subject: member.subject.as_str().to_owned(),
            role: member.role.as_str().to_owned(),
            kind: member.kind.as_str().to_owned(),
        };
        Self {
            members: members.iter().map(entry).map(Object).collect(),
        }
    }
}
