//! Reads of clusters.

use async_trait::async_trait;
use uuid::Uuid;

use kubenova_core::domain::cluster::Cluster;
use kubenova_core::ports::store::{ClusterFilter, ClusterReads, StoreError};
use kubenova_core::value::{ClusterId, Page, Paged, Position, Ref, Secret};

use super::{Listing, Selected, page};
use crate::postgres::PgStore;
use crate::postgres::error::Failure;
use crate::postgres::row::cluster::ClusterRow;
use crate::postgres::sql::query as sql;
use crate::seal::kubeconfig_of;

/// All clusters in order of names: there are few.
struct Clusters(Selected);

impl Listing for Clusters {
    type Row = ClusterRow;

    async fn chunk(
        &self,
        store: &PgStore,
        after: Position,
        limit: i64,
    ) -> Result<Vec<ClusterRow>, Failure> {
        let query = self.0.bind(sqlx::query_as(sql::CLUSTERS));
        let query = query.bind(after.key).bind(after.id).bind(limit);
        store.lists.rows(query).await
    }
}

#[async_trait]
impl ClusterReads for PgStore {
    async fn cluster(&self, at: &Ref) -> Result<Option<Cluster>, StoreError> {
        match at {
            Ref::Id(id) => self.reader.cluster(*id).await,
            Ref::Name(name) => self.reader.cluster_named(name).await,
        }
    }

    async fn clusters(
        &self,
        filter: ClusterFilter,
        at: Page,
    ) -> Result<Paged<Cluster>, StoreError> {
        if let Some(only) = filter.only {
            let found = self.reader.cluster(only.uuid()).await?;
            return Ok(super::alone(
                found,
                &at,
                |row| (&row.name, row.id.uuid()),
                |row| filter.selector.matches(row.labels.as_map()),
            ));
        }
        page(
            self,
            &Clusters(Selected::of(&filter.selector)),
            &filter.selector,
            at,
        )
        .await
    }

    async fn credential(&self, cluster: ClusterId) -> Result<Option<Secret>, StoreError> {
        let query = sqlx::query_as::<_, (Vec<u8>,)>(sql::KUBECONFIG).bind(cluster.uuid());
        let sealed = self.lists.row(query).await?;
        let open = |(sealed,): (Vec<u8>,)| self.keyring.open(&kubeconfig_of(cluster), &sealed);
        let opened = sealed.map(open).transpose();
        opened.map_err(|why| StoreError::Corrupt(format!("clusters/{cluster}: kubeconfig: {why}")))
    }

    async fn cluster_ids(&self) -> Result<Vec<ClusterId>, StoreError> {
        let query = sqlx::query_as::<_, (Uuid,)>(sql::CLUSTER_IDS);
        let ids = self.lists.rows(query).await?;
        Ok(ids.into_iter().map(|(id,)| ClusterId::new(id)).collect())
    }
}
