//! Requests of work.

use std::collections::BTreeMap;

use uuid::Uuid;

use kubenova_core::change::WorkRequest;

use super::Statement;
use crate::postgres::queue::micros;
use crate::postgres::sql::queue::ASK;

/// Requests, each item once, in the order in which their rows are locked.
#[derive(Debug, Default)]
pub(in crate::postgres) struct Asked {
    kinds: Vec<&'static str>,
    ids: Vec<Uuid>,
    clusters: Vec<Uuid>,
    after: Vec<i64>,
}

impl Asked {
    pub(in crate::postgres) fn of<'a>(requests: impl Iterator<Item = &'a WorkRequest>) -> Self {
        let mut items: BTreeMap<(&'static str, Uuid), &WorkRequest> = BTreeMap::new();
        for request in requests {
            let key = (request.item.kind(), request.item.uuid());
            let earlier = items
                .get(&key)
                .is_some_and(|known| known.after <= request.after);
            if !earlier {
                items.insert(key, request);
            }
        }
        let mut out = Self::default();
        for ((kind, id), request) in items {
            out.kinds.push(kind);
            out.ids.push(id);
            out.clusters.push(request.cluster.uuid());
            out.after.push(micros(request.after));
        }
        out
    }

    pub(in crate::postgres) const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(in crate::postgres) fn query(&self) -> Statement {
        let kinds: Vec<String> = self.kinds.iter().map(|&kind| kind.to_owned()).collect();
        let query = sqlx::query(ASK).bind(kinds).bind(self.ids.clone());
        query.bind(self.clusters.clone()).bind(self.after.clone())
    }
}
