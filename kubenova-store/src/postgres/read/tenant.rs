//! Reads of tenants.

use async_trait::async_trait;
use uuid::Uuid;

use kubenova_core::domain::tenant::{Tenant, TenantAt};
use kubenova_core::ports::store::{ClusterReads as _, StoreError, TenantFilter, TenantReads};
use kubenova_core::value::{Name, Page, Paged, Position, Ref, TenantId};

use super::{Listing, Selected, page};
use crate::postgres::PgStore;
use crate::postgres::error::Failure;
use crate::postgres::row::Row as _;
use crate::postgres::row::tenant::TenantRow;
use crate::postgres::sql::query as sql;

/// Tenants along the index that says most about them.
struct Tenants {
    selected: Selected,
    cluster: Option<Uuid>,
    owner: Option<String>,
}

impl Listing for Tenants {
    type Row = TenantRow;

    async fn chunk(
        &self,
        store: &PgStore,
        after: Position,
        limit: i64,
    ) -> Result<Vec<TenantRow>, Failure> {
        let begin = |text: &'static str| {
            let query = self.selected.bind(sqlx::query_as(text));
            query.bind(after.key.clone()).bind(after.id).bind(limit)
        };
        let owner = self.owner.clone();
        let query = match (self.cluster, self.selected.driver(), &self.owner) {
            (Some(cluster), Some((key, value)), _) => begin(sql::TENANTS_BY_LABEL)
                .bind(cluster)
                .bind(key)
                .bind(value)
                .bind(owner),
            (Some(cluster), None, Some(_)) => {
                begin(sql::TENANTS_BY_OWNER).bind(cluster).bind(owner)
            }
            (Some(cluster), None, None) => begin(sql::TENANTS_OF_CLUSTER).bind(cluster),
            (None, _, _) => begin(sql::TENANTS).bind(owner),
        };
        store.lists.rows(query).await
    }
}

impl PgStore {
    async fn tenants_named(&self, name: &Name) -> Result<Vec<Tenant>, StoreError> {
        let query =
            sqlx::query_as::<_, TenantRow>(sql::TENANTS_NAMED).bind(name.as_str().to_owned());
        let rows = self.lists.rows(query).await?;
        rows.into_iter().map(TenantRow::value).collect()
    }

    async fn tenant_below(
        &self,
        cluster: &Ref,
        tenant: &Ref,
    ) -> Result<Option<Tenant>, StoreError> {
        match (cluster, tenant) {
            (Ref::Id(cluster), Ref::Id(id)) => {
                let found = self.reader.tenant(*id).await?;
                Ok(found.filter(|row| row.cluster.uuid() == *cluster))
            }
            (Ref::Id(cluster), Ref::Name(name)) => self.reader.tenant_named(*cluster, name).await,
            (Ref::Name(_), Ref::Id(id)) => {
                let (cluster, found) = tokio::join!(self.cluster(cluster), self.reader.tenant(*id));
                let (cluster, found) = (cluster?, found?);
                Ok(found.filter(|row| cluster.is_some_and(|cluster| cluster.id == row.cluster)))
            }
            (Ref::Name(_), Ref::Name(name)) => match self.cluster(cluster).await? {
                Some(cluster) => self.reader.tenant_named(cluster.id.uuid(), name).await,
                None => Ok(None),
            },
        }
    }
}

#[async_trait]
impl TenantReads for PgStore {
    async fn tenants_at(&self, at: &TenantAt) -> Result<Vec<Tenant>, StoreError> {
        let found = match (&at.cluster, &at.tenant) {
            (Some(cluster), tenant) => self.tenant_below(cluster, tenant).await?,
            (None, Ref::Id(id)) => self.reader.tenant(*id).await?,
            (None, Ref::Name(name)) => return self.tenants_named(name).await,
        };
        Ok(found.into_iter().collect())
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.reader.tenant(id.uuid()).await
    }

    async fn tenants(&self, filter: TenantFilter, at: Page) -> Result<Paged<Tenant>, StoreError> {
        if let Some(only) = filter.only {
            let found = self.reader.tenant(only.uuid()).await?;
            return Ok(super::alone(
                found,
                &at,
                |row| (&row.name, row.id.uuid()),
                |row| {
                    filter.cluster.is_none_or(|cluster| cluster == row.cluster)
                        && filter
                            .owner
                            .as_ref()
                            .is_none_or(|owner| row.owners.contains(owner))
                        && filter.selector.matches(row.labels.as_map())
                },
            ));
        }
        let list = Tenants {
            selected: Selected::of(&filter.selector),
            cluster: filter.cluster.map(|cluster| cluster.uuid()),
            owner: filter.owner.map(|owner| owner.as_str().to_owned()),
        };
        page(self, &list, &filter.selector, at).await
    }
}
