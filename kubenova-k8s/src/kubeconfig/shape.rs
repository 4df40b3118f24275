//! The allow-list of kubeconfig fields, and the sentence for each field that is refused.

use serde_json::{Map, Value};

use super::{Class, Refused};

/// Fields of one kind of entry: those that may be there, and those that are refused with a reason of their own.
pub(super) struct Shape {
    pub(super) allowed: &'static [&'static str],
    pub(super) forbidden: &'static [(&'static str, &'static str)],
}

pub(super) const CONFIG: Shape = Shape {
    allowed: &[
        "apiVersion",
        "kind",
        "clusters",
        "users",
        "contexts",
        "current-context",
        "preferences",
    ],
    forbidden: &[],
};
pub(super) const CLUSTER: Shape = Shape {
    allowed: &[
        "server",
        "certificate-authority-data",
        "tls-server-name",
        "insecure-skip-tls-verify",
    ],
    forbidden: &[
        (
            "certificate-authority",
            "reads a file; use certificate-authority-data",
        ),
        ("proxy-url", "sends the credential through a proxy"),
    ],
};
pub(super) const USER: Shape = Shape {
    allowed: &["token", "client-certificate-data", "client-key-data"],
    forbidden: &[
        ("exec", "runs a program"),
        ("auth-provider", "runs a program"),
        ("tokenFile", "reads a file; use token"),
        (
            "client-certificate",
            "reads a file; use client-certificate-data",
        ),
        ("client-key", "reads a file; use client-key-data"),
        ("username", "is basic authentication"),
        ("password", "is basic authentication"),
        ("as", "impersonates somebody"),
        ("as-uid", "impersonates somebody"),
        ("as-groups", "impersonates somebody"),
        ("as-user-extra", "impersonates somebody"),
    ],
};
pub(super) const CONTEXT: Shape = Shape {
    allowed: &["cluster", "user", "namespace"],
    forbidden: &[],
};
pub(super) const ENTRY: Shape = Shape {
    allowed: &["name", "cluster", "user", "context"],
    forbidden: &[],
};

/// The object at a place, after every field of it was looked at.
pub(super) fn object<'a>(
    value: &'a Value,
    place: &str,
    shape: &Shape,
) -> Result<&'a Map<String, Value>, Refused> {
    let Value::Object(map) = value else {
        return Err(Refused::new(
            Class::Format,
            format!("{place} must be an object"),
        ));
    };
    for key in map.keys() {
        if let Some((field, why)) = shape.forbidden.iter().find(|(field, _)| field == key) {
            return Err(Refused::new(
                Class::Forbidden,
                format!("{place}.{field} {why}"),
            ));
        }
        if !shape.allowed.contains(&key.as_str()) {
            // The name of an unknown field is the caller's text: only its place is told.
            return Err(Refused::new(
                Class::Forbidden,
                format!("{place} has a field that is not allowed"),
            ));
        }
    }
    Ok(map)
}

/// The text at a field, or `None` where it is absent or null.
pub(super) fn text<'a>(
    map: &'a Map<String, Value>,
    field: &str,
    place: &str,
) -> Result<Option<&'a str>, Refused> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refused::new(
            Class::Format,
            format!("{place}.{field} must be a text"),
        )),
    }
}
