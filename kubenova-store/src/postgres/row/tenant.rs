//! Rows of tenants.

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use kubenova_core::domain::bounds::{Bounds, ContainerLimits, Quotas};
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{Annotations, ClusterId, Labels, Position, TenantId};

use super::bounds::NetworkRow;
use super::{ConditionRow, Labelled, Map, Place, Row, json, moment};

pub(in crate::postgres) struct TenantRow {
    pub(in crate::postgres) id: Uuid,
    pub(in crate::postgres) cluster_id: Uuid,
    pub(in crate::postgres) name: String,
    pub(in crate::postgres) owners: Vec<String>,
    labels: Map,
    annotations: Map,
    quotas: Map,
    limits: Map,
    network: NetworkRow,
    created_at: Timestamp,
    generation: i64,
    deleting_at: Option<Timestamp>,
    phase: String,
    observed: i64,
    conditions: Vec<ConditionRow>,
}

/// By place, in the order of `tenant_columns`: fifteen names looked up in each of 50 rows are a part of what a list costs.
impl FromRow<'_, PgRow> for TenantRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            cluster_id: row.try_get(1)?,
            name: row.try_get(2)?,
            owners: json(row, 3)?,
            labels: json(row, 4)?,
            annotations: json(row, 5)?,
            quotas: json(row, 6)?,
            limits: json(row, 7)?,
            network: json(row, 8)?,
            created_at: row.try_get(9)?,
            generation: row.try_get(10)?,
            deleting_at: row.try_get(11)?,
            phase: row.try_get(12)?,
            observed: row.try_get(13)?,
            conditions: json(row, 14)?,
        })
    }
}

impl Row for TenantRow {
    type Value = Tenant;

    fn position(&self) -> Position {
        Position {
            key: self.name.clone(),
            id: self.id,
        }
    }

    fn value(self) -> Result<Tenant, StoreError> {
        let place = Place("tenants", self.id);
        let owners = self.owners.iter().map(|owner| place.subject(owner));
        Ok(Tenant {
            id: TenantId::new(self.id),
            cluster: ClusterId::new(self.cluster_id),
            name: place.name(&self.name)?,
            owners: owners.collect::<Result<_, _>>()?,
            labels: Labels::trusted(self.labels),
            annotations: Annotations::trusted(self.annotations),
            bounds: Bounds {
                quotas: Quotas::trusted(place.amounts(self.quotas)?),
                limits: ContainerLimits::trusted(place.amounts(self.limits)?),
                network: self.network.value(),
            },
            created_at: self.created_at.to_jiff(),
            generation: place.generation(self.generation)?,
            deleting: moment(self.deleting_at),
            status: place.status(&self.phase, self.observed, self.conditions)?,
        })
    }
}

impl Labelled for TenantRow {
    fn labels(&self) -> &Map {
        &self.labels
    }
}
