//! Columns of what bounds a tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use kubenova_core::domain::bounds::{NetworkPolicies, NetworkPolicySpec};
use kubenova_core::ports::store::StoreError;
use kubenova_core::value::Quantity;

use super::{Map, Place};

/// Network policies as they are stored: `{}`, `{"defaultDeny": true}` or `{"items": […]}`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::postgres) struct NetworkRow {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    default_deny: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<Value>,
}

impl NetworkRow {
    pub(super) fn value(self) -> NetworkPolicies {
        match (self.default_deny, self.items.is_empty()) {
            (true, _) => NetworkPolicies::DefaultDeny,
            (false, true) => NetworkPolicies::None,
            (false, false) => {
                let items = self.items.into_iter().map(NetworkPolicySpec::trusted);
                NetworkPolicies::Items(items.collect())
            }
        }
    }
}

pub(in crate::postgres) fn network(of: &NetworkPolicies) -> NetworkRow {
    match of {
        NetworkPolicies::None => NetworkRow::default(),
        NetworkPolicies::DefaultDeny => NetworkRow {
            default_deny: true,
            items: Vec::new(),
        },
        NetworkPolicies::Items(items) => NetworkRow {
            default_deny: false,
            items: items.iter().map(|spec| spec.as_json().clone()).collect(),
        },
    }
}

impl Place {
    pub(super) fn amounts(self, map: Map) -> Result<BTreeMap<String, Quantity>, StoreError> {
        let read = |(key, text): (String, String)| {
            let amount = Quantity::parse(&text).map_err(|_| self.corrupt("quantity"))?;
            Ok((key, amount))
        };
        map.into_iter().map(read).collect()
    }
}
