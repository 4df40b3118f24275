//! The CapsuleConfiguration of a test cluster: who administers, and the webhooks that Capsule installs from it.

pub mod hooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use hooks::{Hook, MUTATING, VALIDATING};

/// Name of both webhook configurations that Capsule writes from [`configuration`].
pub const WEBHOOKS: &str = "test-capsule";

/// The whole object: Capsule's webhooks listen on loopback at `port`, trusted by `ca` (PEM).
pub fn configuration(port: u16, ca: &str) -> Value {
    let client = json!({"url": hook_url(port), "caBundle": STANDARD.encode(ca)});
    let admission = |hooks: &[Hook], mutating: bool| {
        let webhooks: Vec<Value> = hooks
            .iter()
            .map(|hook| hooks::webhook(hook, mutating))
            .collect();
        json!({"name": WEBHOOKS, "client": client, "webhooks": webhooks})
    };
    let nothing = json!({"denied": [], "deniedRegex": ""});
    json!({
        "apiVersion": "capsule.clastix.io/v1beta2",
        "kind": "CapsuleConfiguration",
        "metadata": {"name": "default"},
        "spec": {
            "users": [{"kind": "Group", "name": "projectcapsule.dev"}],
            "administrators": [{"kind": "User", "name": "kubenova"}],
            "enableTLSReconciler": false,
            "forceTenantPrefix": false,
            "protectedNamespaceRegex": "",
            "allowServiceAccountPromotion": false,
            "cacheInvalidation": "30m0s",
            "nodeMetadata": {"forbiddenLabels": nothing, "forbiddenAnnotations": nothing},
            "rbac": {
                "administrationClusterRoles": ["capsule-namespace-deleter"],
                "promotionClusterRoles": ["capsule-namespace-provisioner", "capsule-namespace-deleter"],
                "deleter": "capsule-namespace-deleter",
                "provisioner": "capsule-namespace-provisioner",
            },
            "admission": {
                "mutating": admission(&MUTATING, true),
                "validating": admission(&VALIDATING, false),
            },
        },
    })
}

/// Base URL of the webhooks.
pub fn hook_url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_hooks_look_at_tenant_namespaces_only() {
        let object = configuration(1, "ca");
        let hooks = object["spec"]["admission"]["mutating"]["webhooks"]
            .as_array()
            .unwrap();
        let generic = hooks
            .iter()
            .find(|hook| hook["path"] == "/rules/generic/mutating")
            .unwrap();
        let selects = &generic["namespaceSelector"]["matchExpressions"][0];
        assert_eq!(selects["key"], "capsule.clastix.io/tenant");
        assert_eq!(
            generic["rules"][0]["operations"],
            json!(["CREATE", "UPDATE"])
        );
    }
}
