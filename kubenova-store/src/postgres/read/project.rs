//! Reads of projects.

use async_trait::async_trait;
use uuid::Uuid;

use kubenova_core::domain::project::{Access, Members, Project, ProjectAt};
use kubenova_core::domain::tenant::TenantAt;
use kubenova_core::ports::store::{
    ClusterReads as _, ProjectFilter, ProjectReads, StoreError, TenantReads as _,
};
use kubenova_core::value::{Name, Page, Paged, Position, ProjectId, Ref};

use super::{Listing, Selected, page};
use crate::postgres::PgStore;
use crate::postgres::error::Failure;
use crate::postgres::row::Row as _;
use crate::postgres::row::credential::GrantRow;
use crate::postgres::row::project::{MemberRow, ProjectRow};
use crate::postgres::sql::query as sql;

/// Projects of a tenant along the index that says most about them.
struct Projects {
    selected: Selected,
    tenant: Uuid,
    only: Option<Vec<Uuid>>,
}

impl Listing for Projects {
    type Row = ProjectRow;

    async fn chunk(
        &self,
        store: &PgStore,
        after: Position,
        limit: i64,
    ) -> Result<Vec<ProjectRow>, Failure> {
        let begin = |text: &'static str| {
            let query = self.selected.bind(sqlx::query_as(text));
            query
                .bind(after.key.clone())
                .bind(after.id)
                .bind(limit)
                .bind(self.tenant)
        };
        let query = match (&self.only, self.selected.driver()) {
            (Some(only), _) => begin(sql::PROJECTS_AMONG).bind(only.clone()),
            (None, Some((key, value))) => begin(sql::PROJECTS_BY_LABEL).bind(key).bind(value),
            (None, None) => begin(sql::PROJECTS_OF_TENANT),
        };
        store.lists.rows(query).await
    }
}

impl PgStore {
    /// The project of that name in one tenant.
    async fn projects_below(
        &self,
        tenant: Uuid,
        cluster: Option<&Ref>,
        name: &Name,
    ) -> Result<Vec<Project>, StoreError> {
        let found = self.reader.project_named(tenant, name).await?;
        self.on_cluster(found, cluster).await
    }

    async fn on_cluster(
        &self,
        found: Option<Project>,
        cluster: Option<&Ref>,
    ) -> Result<Vec<Project>, StoreError> {
        let Some(project) = found else {
            return Ok(Vec::new());
        };
        let fits = match cluster {
            None => true,
            Some(Ref::Id(id)) => project.cluster.uuid() == *id,
            Some(Ref::Name(_)) => {
                let id = project.cluster.uuid();
                let found = self.reader.cluster(id).await?;
                found.is_some_and(|found| cluster == Some(&Ref::Name(found.name)))
            }
        };
        Ok(fits.then_some(project).into_iter().collect())
    }

    /// Projects of that name in tenants that are themselves only named, or not at all.
    async fn projects_named(
        &self,
        at: &ProjectAt,
        name: &Name,
    ) -> Result<Vec<Project>, StoreError> {
        let cluster = match &at.cluster {
            None => None,
            Some(at) => match self.cluster(at).await? {
                Some(cluster) => Some(cluster.id.uuid()),
                None => return Ok(Vec::new()),
            },
        };
        let tenant = match &at.tenant {
            Some(Ref::Name(tenant)) => Some(tenant.as_str().to_owned()),
            Some(Ref::Id(_)) | None => None,
        };
        let query = sqlx::query_as::<_, ProjectRow>(sql::PROJECTS_NAMED);
        let query = query
            .bind(name.as_str().to_owned())
            .bind(tenant)
            .bind(cluster);
        let rows = self.lists.rows(query).await?;
        rows.into_iter().map(ProjectRow::value).collect()
    }
}

#[async_trait]
impl ProjectReads for PgStore {
    async fn projects_at(&self, at: &ProjectAt) -> Result<Vec<Project>, StoreError> {
        match (&at.project, &at.tenant) {
            (Ref::Id(id), tenant) => {
                let found = self.reader.project(*id).await?;
                let found = found.filter(|row| match tenant {
                    None => true,
                    Some(Ref::Id(id)) => row.tenant.uuid() == *id,
                    Some(Ref::Name(name)) => row.tenant_name == *name,
                });
                self.on_cluster(found, at.cluster.as_ref()).await
            }
            (Ref::Name(name), Some(Ref::Id(tenant))) => {
                self.projects_below(*tenant, at.cluster.as_ref(), name)
                    .await
            }
            (Ref::Name(name), Some(tenant @ Ref::Name(_))) if at.cluster.is_some() => {
                let tenant = TenantAt {
                    cluster: at.cluster.clone(),
                    tenant: tenant.clone(),
                };
                match self.tenants_at(&tenant).await?.first() {
                    Some(tenant) => self.projects_below(tenant.id.uuid(), None, name).await,
                    None => Ok(Vec::new()),
                }
            }
            (Ref::Name(name), _) => self.projects_named(at, name).await,
        }
    }

    async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        self.reader.project(id.uuid()).await
    }

    async fn projects(
        &self,
        filter: ProjectFilter,
        at: Page,
    ) -> Result<Paged<Project>, StoreError> {
        let list = Projects {
            selected: Selected::of(&filter.selector),
            tenant: filter.tenant.uuid(),
            only: filter
                .only
                .map(|only| only.iter().map(|id| id.uuid()).collect()),
        };
        page(self, &list, &filter.selector, at).await
    }

    async fn members(&self, project: ProjectId) -> Result<Members, StoreError> {
        let query = sqlx::query_as::<_, MemberRow>(sql::MEMBERS).bind(project.uuid());
        let rows = self.lists.rows(query).await?;
        rows.iter().map(|row| row.value(project)).collect()
    }

    async fn access(&self, project: ProjectId) -> Result<Access, StoreError> {
        let query = sqlx::query_as::<_, GrantRow>(sql::OPENING).bind(project.uuid());
        let grants = self.lists.rows(query).await?;
        Ok(Access {
            members: self.members(project).await?,
            grants: grants
                .into_iter()
                .map(GrantRow::value)
                .collect::<Result<_, _>>()?,
        })
    }
}
