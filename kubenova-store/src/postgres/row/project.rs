//! Rows of projects and their members.

use jiff_sqlx::Timestamp;
use uuid::Uuid;

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::project::{Member, Project};
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{
    Annotations, ClusterId, Labels, Position, ProjectId, SubjectKind, TenantId,
};

use super::{ConditionRow, Labelled, Map, Place, Row, moment};

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct ProjectRow {
    pub(in crate::postgres) id: Uuid,
    pub(in crate::postgres) tenant_id: Uuid,
    tenant_name: String,
    cluster_id: Uuid,
    pub(in crate::postgres) name: String,
    namespace: String,
    #[sqlx(json)]
    labels: Map,
    #[sqlx(json)]
    annotations: Map,
    created_at: Timestamp,
    generation: i64,
    deleting_at: Option<Timestamp>,
    phase: String,
    observed: i64,
    #[sqlx(json)]
    conditions: Vec<ConditionRow>,
}

impl Row for ProjectRow {
    type Value = Project;

    fn position(&self) -> Position {
        Position {
            key: self.name.clone(),
            id: self.id,
        }
    }

    fn value(self) -> Result<Project, StoreError> {
        let place = Place("projects", self.id);
        Ok(Project {
            id: ProjectId::new(self.id),
            tenant: TenantId::new(self.tenant_id),
            tenant_name: place.name(&self.tenant_name)?,
            cluster: ClusterId::new(self.cluster_id),
            name: place.name(&self.name)?,
            namespace: place.name(&self.namespace)?,
            labels: Labels::trusted(self.labels),
            annotations: Annotations::trusted(self.annotations),
            created_at: self.created_at.to_jiff(),
            generation: place.generation(self.generation)?,
            deleting: moment(self.deleting_at),
            status: place.status(&self.phase, self.observed, self.conditions)?,
        })
    }
}

impl Labelled for ProjectRow {
    fn labels(&self) -> &Map {
        &self.labels
    }
}

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct MemberRow {
    subject: String,
    kind: String,
    role: String,
}

impl MemberRow {
    /// The member of that project.
    pub(in crate::postgres) fn value(&self, project: ProjectId) -> Result<Member, StoreError> {
        let place = Place("members", project.uuid());
        Ok(Member {
            role: place.word(ProjectRole::parse(&self.role), "role")?,
            kind: place.word(SubjectKind::parse(&self.kind), "kind")?,
            subject: place.subject(&self.subject)?,
        })
    }
}
