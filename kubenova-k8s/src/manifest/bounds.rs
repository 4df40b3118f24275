//! What bounds a tenant, as fields of the Capsule Tenant.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kubenova_core::domain::bounds::{Bounds, texts};

/// Adds quotas, limit ranges and network policies. Lists without entries are held empty on purpose: what somebody else
/// adds there is drift.
///
/// The fields for limits and network policies are deprecated upstream; what replaces them copies objects late and only
/// where a namespace is seen again, and a quota has no other place before Capsule 0.14 (ADR 12).
pub fn add(spec: &mut Value, bounds: &Bounds) {
    let hard: BTreeMap<&str, String> = bounds
        .quotas
        .resources()
        .map(|(name, amount)| (name, amount.to_string()))
        .collect();
    let quotas = (!hard.is_empty()).then(|| json!({"hard": hard}));
    spec["resourceQuotas"] = json!({"scope": "Tenant", "items": list(quotas)});
    let most = texts(bounds.limits.as_map());
    let range = (!most.is_empty()).then(|| json!({"limits": [{"type": "Container", "max": most}]}));
    spec["limitRanges"] = json!({"items": list(range)});
    spec["networkPolicies"] = json!({"items": bounds.network.specs()});
    if let Some(most) = bounds.quotas.namespaces() {
        spec["namespaceOptions"] = json!({"quota": most});
    }
}

fn list(item: Option<Value>) -> Vec<Value> {
    item.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use kubenova_core::domain::bounds::{Bound, ContainerLimits, NetworkPolicies, Quotas};

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn every_part_has_its_field() {
        let quotas = map(&[
            ("cpu", "2000m"),
            ("requests.storage", "20Gi"),
            ("namespaces", "3"),
        ]);
        let limits = map(&[("memory", "1Gi")]);
        let item = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]});
        let bounds = Bounds::default()
            .with(Bound::Quotas(Quotas::parse(&quotas).unwrap()))
            .with(Bound::Limits(ContainerLimits::parse(&limits).unwrap()))
            .with(Bound::Network(
                NetworkPolicies::parse_items(&[item], "items").unwrap(),
            ));
        let mut spec = json!({});
        add(&mut spec, &bounds);
        insta::assert_snapshot!(serde_json::to_string_pretty(&spec).unwrap());
    }

    #[test]
    fn nothing_is_held_empty() {
        let mut spec = json!({});
        add(&mut spec, &Bounds::default());
        insta::assert_snapshot!(serde_json::to_string_pretty(&spec).unwrap());
    }
}
