//! Rows of tenants.

use jiff_sqlx::Timestamp;
use uuid::Uuid;

use kubenova_core::domain::tenant::Tenant;
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{Annotations, ClusterId, Labels, Position, TenantId};

use super::{ConditionRow, Labelled, Map, Place, Row, moment};

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct TenantRow {
    pub(in crate::postgres) id: Uuid,
    pub(in crate::postgres) cluster_id: Uuid,
    pub(in crate::postgres) name: String,
    #[sqlx(json)]
    pub(in crate::postgres) owners: Vec<String>,
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
