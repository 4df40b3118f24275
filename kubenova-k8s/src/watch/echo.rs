//! The memory of own writes: what we wrote ourselves, and what only the platform's controllers wrote, is no news.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::api::DynamicObject;
use serde_json::Value;

use crate::manifest::labels;
use crate::tenancy::call::Kind;

type Place = (&'static str, String, String);

/// One hash per object of ours: of the part that matters to us. Bounded by the number of such objects.
#[derive(Debug, Default)]
pub(crate) struct Echo(Mutex<HashMap<Place, u64>>);

impl Echo {
    fn map(&self) -> MutexGuard<'_, HashMap<Place, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before a write: this content will come back by the watch.
    pub(crate) fn expect(&self, kind: Kind, manifest: &Value) {
        let text = |field: &str| {
            manifest["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let place = (kind.plural, text("namespace"), text("name"));
        self.map().insert(place, content_of(kind, manifest, true));
    }

    /// Before a deletion by ourselves: its event is no news for role bindings, accounts and owners.
    pub(crate) fn forget(&self, kind: Kind, namespace: Option<&str>, name: &str) {
        // Whoever waits for the end of a namespace or tenant wants to hear of it, whoever deleted it.
        if matches!(kind.plural, "namespaces" | "tenants") {
            return;
        }
        self.map().remove(&(
            kind.plural,
            namespace.unwrap_or_default().to_owned(),
            name.to_owned(),
        ));
    }

    pub(super) fn remember(&self, kind: Kind, object: &DynamicObject) {
        self.map().insert(place(kind, object), hash(kind, object));
    }

    /// Whether the object differs from what was last written by us or seen.
    pub(super) fn is_news(&self, kind: Kind, object: &DynamicObject) -> bool {
        let now = hash(kind, object);
        self.map().insert(place(kind, object), now) != Some(now)
    }

    /// Whether an object that went was still wanted as far as we know.
    pub(super) fn was_known(&self, kind: Kind, object: &DynamicObject) -> bool {
        self.map().remove(&place(kind, object)).is_some()
    }
}

fn place(kind: Kind, object: &DynamicObject) -> Place {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    (
        kind.plural,
        text(&object.metadata.namespace),
        text(&object.metadata.name),
    )
}

fn hash(kind: Kind, object: &DynamicObject) -> u64 {
    serde_json::to_value(object).map_or(0, |value| content_of(kind, &value, false))
}

/// Hash of what matters: labels and annotations but for the platform's own, spec, rules, subjects, role reference,
/// the reference to the Tenant, and whether it is on its way out.
fn content_of(kind: Kind, object: &Value, is_manifest: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let metadata = &object["metadata"];
    let theirs = |key: &str| {
        key == labels::REQUEST
            || key == "kubernetes.io/metadata.name"
            || (key.contains("projectcapsule.dev/") && kind.plural != "tenantowners")
            || (key.starts_with("capsule.clastix.io/") && key != labels::CAPSULE_TENANT)
    };
    for field in ["labels", "annotations"] {
        for (key, value) in metadata[field].as_object().into_iter().flatten() {
            if !theirs(key) {
                (key, value.as_str()).hash(&mut hasher);
            }
        }
    }
    for field in ["rules", "subjects", "roleRef"] {
        object[field].to_string().hash(&mut hasher);
    }
    if kind.plural == "tenantowners"
        || kind.plural == "tenants"
        || kind.plural == "capsuleconfigurations"
    {
        spec_of(kind, object).hash(&mut hasher);
    }
    if kind.plural == "namespaces" {
        // Capsule adds the reference to what we apply.
        let referenced = metadata["ownerReferences"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        let member = metadata["labels"][labels::CAPSULE_TENANT].is_string();
        (if is_manifest { member } else { referenced }).hash(&mut hasher);
    }
    metadata["deletionTimestamp"].is_string().hash(&mut hasher);
    hasher.finish()
}

/// Of a Tenant only what we own: Capsule writes defaults beside it.
fn spec_of(kind: Kind, object: &Value) -> String {
    let spec = &object["spec"];
    if kind.plural != "tenants" {
        return spec.to_string();
    }
    let list = |field: &str| spec[field].as_array().map_or(0, Vec::len);
    let permissions = &spec["permissions"];
    format!(
        "{} {} {}",
        list("owners"),
        list("additionalRoleBindings"),
        permissions["matchOwners"],
    )
}
