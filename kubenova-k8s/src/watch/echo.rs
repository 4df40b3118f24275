//! The memory of own writes: what we wrote ourselves, and what only the platform's controllers wrote, is no news.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::api::DynamicObject;
use serde_json::Value;

use kubenova_core::ports::cluster::Signal;

use super::signal;
use crate::manifest::labels;
use crate::tenancy::call::Kind;

/// Plural of the kind, namespace and name.
pub(super) type Place = (&'static str, String, String);

/// What was last written by us or seen.
#[derive(Debug)]
struct Known {
    content: u64,
    /// Whom it concerns, by the marks it had when it was ours alone: marks can be taken away or forged.
    about: Option<Signal>,
}

/// One entry per object of ours: the hash of the part that matters to us. Bounded by the number of such objects.
#[derive(Debug, Default)]
pub(crate) struct Echo(Mutex<HashMap<Place, Known>>);

impl Echo {
    fn map(&self) -> MutexGuard<'_, HashMap<Place, Known>> {
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
        let known = Known {
            content: content_of(kind, manifest, true),
            about: signal::of(kind, manifest),
        };
        self.map().insert(place, known);
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

    /// An object of a list: it may be a foreign one, which the look at everything finds out.
    pub(super) fn remember(&self, kind: Kind, object: &DynamicObject) {
        self.changed(kind, object);
    }

    /// After a complete list: what it does not hold went unseen.
    pub(super) fn keep_only(&self, kind: Kind, listed: &HashSet<Place>) {
        self.map()
            .retain(|place, _| place.0 != kind.plural || listed.contains(place));
    }

    /// What a changed object concerns, if it differs from what was last written by us or seen.
    pub(super) fn changed(&self, kind: Kind, object: &DynamicObject) -> Option<Signal> {
        let object_place = place(kind, object);
        let Ok(object) = serde_json::to_value(object) else {
            return Some(Signal::Resync);
        };
        let content = content_of(kind, &object, false);
        let mut map = self.map();
        let old = map.remove(&object_place);
        let same = old.as_ref().is_some_and(|old| old.content == content);
        let about = old
            .and_then(|old| old.about)
            .or_else(|| signal::of(kind, &object));
        let told = if same { None } else { about.clone() };
        map.insert(object_place, Known { content, about });
        told
    }

    /// What a deleted object concerns, if it was still wanted as far as we know.
    pub(super) fn gone(&self, kind: Kind, object: &DynamicObject) -> Option<Signal> {
        self.map()
            .remove(&place(kind, object))
            .and_then(|known| known.about)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.map().len()
    }
}

pub(super) fn place(kind: Kind, object: &DynamicObject) -> Place {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    (
        kind.plural,
        text(&object.metadata.namespace),
        text(&object.metadata.name),
    )
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
    let count = |field: &str| spec[field].as_array().map_or(0, Vec::len);
    // What is held empty reads like what is absent.
    let items = |field: &str| {
        let list = &spec[field]["items"];
        list.as_array()
            .map_or_else(|| "[]".to_owned(), |_| list.to_string())
    };
    let services = &spec["serviceOptions"];
    [
        count("owners").to_string(),
        count("additionalRoleBindings").to_string(),
        spec["permissions"]["matchOwners"].to_string(),
        services["allowedServices"].to_string(),
        services["externalIPs"]["allowed"].to_string(),
        spec["namespaceOptions"]["quota"].to_string(),
        spec["resourceQuotas"]["scope"].to_string(),
        items("resourceQuotas"),
        items("limitRanges"),
        items("networkPolicies"),
    ]
    .join(" ")
}
