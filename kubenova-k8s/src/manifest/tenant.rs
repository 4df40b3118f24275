//! The Capsule Tenant and its owners.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kubenova_core::domain::bounds::texts;
use kubenova_core::domain::tenant::Owner;
use kubenova_core::ports::cluster::TenantSpec;

use super::{bounds, digest, labels};

/// The ClusterRole that Capsule binds for owners: never its default roles, which could write role bindings.
pub const OWNER_ROLE: &str = "kubenova:tenant-owner";

/// The Capsule Tenant. `owners` and role bindings are held empty on purpose: what somebody else adds there is drift.
pub fn tenant(want: &TenantSpec) -> Value {
    let mut all: BTreeMap<String, String> = want.labels.clone();
    all.extend(owned_labels(want));
    let mut spec = json!({
        "owners": [],
        "additionalRoleBindings": [],
        // Not `allowOwnerPromotion: false`: Capsule drops a false on its way through, and the switch in its own
        // configuration, off by default, is needed too.
        "permissions": {
            "matchOwners": [{"matchLabels": {labels::CAPSULE_OWNER_OF: want.name.as_str()}}],
        },
        "serviceOptions": service_options(),
    });
    bounds::add(&mut spec, &want.bounds);
    let mut annotations = want.annotations.clone();
    if !want.bounds.quotas.is_empty() {
        let amounts = json!(texts(want.bounds.quotas.as_map()));
        annotations.insert(labels::QUOTAS.to_owned(), amounts.to_string());
    }
    let intent = digest::of(&json!([all, annotations, spec]));
    annotations.insert(labels::INTENT.to_owned(), intent);
    annotations.insert(labels::TENANT_UID.to_owned(), want.id.to_string());
    if let Some(request) = &want.request {
        annotations.insert(labels::REQUEST.to_owned(), request.to_string());
    }
    json!({
        "apiVersion": "capsule.clastix.io/v1beta2",
        "kind": "Tenant",
        "metadata": {"name": want.name.as_str(), "labels": all, "annotations": annotations},
        "spec": spec,
    })
}

/// What services of a tenant may not do to others (attack 95): take an address that is not theirs, or a port of every node.
/// All three switches stand there because Capsule takes the whole block or nothing.
fn service_options() -> Value {
    json!({
        "allowedServices": {"nodePort": false, "loadBalancer": true, "externalName": true},
        // An address that no Service can have: an empty list would read like none at all.
        "externalIPs": {"allowed": ["0.0.0.0/32"]},
    })
}

/// One owner of a tenant.
pub fn owner(want: &TenantSpec, owner: &Owner) -> Value {
    json!({
        "apiVersion": "capsule.clastix.io/v1beta2",
        "kind": "TenantOwner",
        "metadata": {
            "name": owner_name(want, owner),
            "labels": {
                labels::MANAGED_BY: labels::US,
                labels::CLUSTER: want.cluster.to_string(),
                labels::TENANT_UID: want.id.to_string(),
                labels::CAPSULE_OWNER_OF: want.name.as_str(),
            },
        },
        "spec": {
            "kind": owner.kind.as_str(),
            "name": owner.subject.as_str(),
            "clusterRoles": [OWNER_ROLE],
            "aggregate": true,
        },
    })
}

/// Name of the `TenantOwner`: the tenant, and a digest of who it is, because subjects are no object names.
pub fn owner_name(want: &TenantSpec, owner: &Owner) -> String {
    let who = json!([
        want.id.to_string(),
        owner.kind.as_str(),
        owner.subject.as_str()
    ]);
    format!("{}-{}", want.name, digest::of(&who))
}

fn owned_labels(want: &TenantSpec) -> BTreeMap<String, String> {
    BTreeMap::from([
        (labels::MANAGED_BY.to_owned(), labels::US.to_owned()),
        (labels::CLUSTER.to_owned(), want.cluster.to_string()),
        (labels::TENANT.to_owned(), want.name.to_string()),
        (labels::TENANT_UID.to_owned(), want.id.to_string()),
    ])
}

#[cfg(test)]
pub(crate) mod tests {
    use kubenova_core::domain::bounds::Bounds;
    use kubenova_core::value::{ClusterId, Name, Subject, TenantId};

    use super::*;

    pub(crate) fn spec() -> TenantSpec {
        TenantSpec {
            id: TenantId::nth(2),
            cluster: ClusterId::nth(1),
            name: Name::parse("acme").unwrap(),
            owners: [Owner::from(&Subject::parse("alice").unwrap())].into(),
            labels: BTreeMap::from([
                ("tier".into(), "gold".into()),
                ("kubenova.tenant".into(), "forged".into()),
            ]),
            annotations: BTreeMap::from([("note".into(), "hello".into())]),
            bounds: Bounds::default(),
            request: None,
        }
    }

    #[test]
    fn a_tenant() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&tenant(&spec())).unwrap());
    }

    #[test]
    fn an_owner() {
        let want = spec();
        let alice = want.owners.first().unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&owner(&want, alice)).unwrap());
    }

    #[test]
    fn attack_95_services_take_no_foreign_address_and_no_port_of_a_node() {
        let options = &tenant(&spec())["spec"]["serviceOptions"];
        assert_eq!(options["externalIPs"]["allowed"], json!(["0.0.0.0/32"]));
        assert_eq!(options["allowedServices"]["nodePort"], false);
    }

    #[test]
    fn attack_93_long_names_do_not_meet() {
        let long =
            |n: u8| Owner::from(&Subject::parse(&format!("{}{n}", "u".repeat(200))).unwrap());
        assert_ne!(owner_name(&spec(), &long(1)), owner_name(&spec(), &long(2)));
        assert!(owner_name(&spec(), &long(1)).len() <= 253);
    }
}
