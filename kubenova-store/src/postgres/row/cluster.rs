//! Rows of clusters.

use jiff_sqlx::Timestamp;
use uuid::Uuid;

use kubenova_core::domain::cluster::{Cluster, Departure, Part, Proxy, ProxyKind};
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{ClusterId, Labels, Position};

use super::{ConditionRow, Labelled, Map, Place, Row, moment};

#[derive(sqlx::FromRow)]
pub(in crate::postgres) struct ClusterRow {
    pub(in crate::postgres) id: Uuid,
    pub(in crate::postgres) name: String,
    display_name: String,
    #[sqlx(json)]
    labels: Map,
    created_at: Timestamp,
    generation: i64,
    identity: String,
    kubernetes_version: String,
    proxy_kind: Option<String>,
    proxy_url: Option<String>,
    proxy_ca: Option<String>,
    #[sqlx(json)]
    parts: Vec<String>,
    deleting_at: Option<Timestamp>,
    orphan: bool,
    phase: String,
    observed: i64,
    #[sqlx(json)]
    conditions: Vec<ConditionRow>,
}

impl Row for ClusterRow {
    type Value = Cluster;

    fn position(&self) -> Position {
        Position {
            key: self.name.clone(),
            id: self.id,
        }
    }

    fn value(self) -> Result<Cluster, StoreError> {
        let place = Place("clusters", self.id);
        let proxy = match (self.proxy_kind, self.proxy_url) {
            (None, None) => None,
            (Some(kind), Some(url)) => Some(Proxy {
                kind: place.word(ProxyKind::parse(&kind), "proxy")?,
                url,
                ca_pem: self.proxy_ca,
            }),
            (Some(_), None) | (None, Some(_)) => return Err(place.corrupt("proxy")),
        };
        let parts = self
            .parts
            .iter()
            .map(|part| place.word(Part::parse(part), "part"));
        Ok(Cluster {
            id: ClusterId::new(self.id),
            name: place.name(&self.name)?,
            display_name: self.display_name,
            labels: Labels::trusted(self.labels),
            created_at: self.created_at.to_jiff(),
            generation: place.generation(self.generation)?,
            identity: self.identity,
            kubernetes_version: self.kubernetes_version,
            proxy,
            parts: parts.collect::<Result<_, _>>()?,
            deleting: moment(self.deleting_at).map(|at| Departure {
                at,
                orphan: self.orphan,
            }),
            status: place.status(&self.phase, self.observed, self.conditions)?,
        })
    }
}

impl Labelled for ClusterRow {
    fn labels(&self) -> &Map {
        &self.labels
    }
}
