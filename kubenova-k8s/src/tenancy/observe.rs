//! From objects to what the domain asks about them. Pure.

use kube::api::DynamicObject;
use serde_json::Value;

use super::call::MANAGER;
use crate::manifest::labels;

/// The value of a label.
pub(super) fn label<'a>(object: &'a DynamicObject, key: &str) -> Option<&'a str> {
    object
        .metadata
        .labels
        .as_ref()?
        .get(key)
        .map(String::as_str)
}

/// The value of an annotation.
pub(super) fn annotation<'a>(object: &'a DynamicObject, key: &str) -> Option<&'a str> {
    object
        .metadata
        .annotations
        .as_ref()?
        .get(key)
        .map(String::as_str)
}

/// Whether the object carries our uid, as label or as annotation: one of them alone can be lost by accident.
pub(super) fn carries(object: &DynamicObject, key: &str, uid: &str) -> bool {
    label(object, key) == Some(uid) || annotation(object, key) == Some(uid)
}

/// Whether it is on its way out.
pub(super) const fn is_terminating(object: &DynamicObject) -> bool {
    object.metadata.deletion_timestamp.is_some()
}

/// Whether an object that we meant to create was there already: then somebody else manages fields of it.
pub(super) fn existed_before(made: &DynamicObject) -> bool {
    let managers = made.metadata.managed_fields.as_deref().unwrap_or_default();
    managers
        .iter()
        .any(|entry| entry.manager.as_deref() != Some(MANAGER))
}

/// Whether every label and annotation of a manifest is there; the request's name is no intent.
pub(super) fn has_metadata(object: &DynamicObject, manifest: &Value) -> bool {
    let pairs = |field: &str| {
        manifest["metadata"][field]
            .as_object()
            .into_iter()
            .flatten()
    };
    let is = |found: Option<&str>, value: &Value| found == value.as_str();
    pairs("labels").all(|(key, value)| is(label(object, key), value))
        && pairs("annotations")
            .filter(|(key, _)| *key != labels::REQUEST)
            .all(|(key, value)| is(annotation(object, key), value))
}

/// Whether `there` holds all of `wanted`; lists must be equal, an absent empty list is an empty list.
pub(super) fn holds(there: &Value, wanted: &Value) -> bool {
    match (wanted, there) {
        (Value::Object(wanted), there) => wanted
            .iter()
            .all(|(key, value)| holds(there.get(key).unwrap_or(&Value::Null), value)),
        (Value::Array(list), Value::Null) => list.is_empty(),
        (wanted, there) => wanted == there,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subset_is_held_and_a_longer_list_is_not() {
        let there = json!({"a": 1, "list": [1, 2], "more": true});
        assert!(holds(&there, &json!({"a": 1, "none": []})));
        assert!(!holds(&there, &json!({"list": [1]})));
        assert!(!holds(&there, &json!({"list": []})));
    }
}
