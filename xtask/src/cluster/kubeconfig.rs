//! Kubeconfigs for the identities of a test cluster: everything inlined, readable by the owner only.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::pki::{Authority, Pair};
use crate::Result;
use crate::host::files;

/// People and programs that tests act as: file name, user, group.
pub const IDENTITIES: [(&str, &str, Option<&str>); 8] = [
    ("admin", "test-admin", Some("system:masters")),
    ("kubenova", "kubenova", None),
    ("plainadmin", "plain-admin", None),
    ("alice", "alice", None),
    ("bob", "bob", None),
    ("carol", "carol", None),
    ("dave", "dave", None),
    ("mallory", "mallory", None),
];

/// Writes `folder/NAME.yaml` for every identity.
///
/// # Errors
/// When the file system refuses.
pub fn write_all(folder: &Path, ca: &Authority, server: &str) -> Result<()> {
    for (file, user, group) in IDENTITIES {
        let pair = ca.client(user, group)?;
        write(
            &folder.join(format!("{file}.yaml")),
            ca,
            server,
            &certified(&pair),
        )?;
    }
    Ok(())
}

/// Writes one kubeconfig whose user has these credentials.
///
/// # Errors
/// When the file system refuses.
pub fn write(file: &Path, ca: &Authority, server: &str, credentials: &Value) -> Result<()> {
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {
            "server": server,
            "certificate-authority-data": STANDARD.encode(&ca.certificate),
        }}],
        "users": [{"name": "self", "user": credentials}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "self"}}],
        "current-context": "test",
    });
    // JSON is YAML; one key a line keeps it readable
    files::write_private(file, format!("{document:#}\n"))
}

/// Credentials of a client certificate.
pub fn certified(pair: &Pair) -> Value {
    json!({
        "client-certificate-data": STANDARD.encode(&pair.certificate),
        "client-key-data": STANDARD.encode(&pair.key),
    })
}
