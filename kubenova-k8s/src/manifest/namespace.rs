//! The namespace of a project.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::ProjectSpec;
use kubenova_core::value::ClusterId;

use super::{digest, labels};

/// The namespace of a project: the tenant by label only, Capsule adds the owner reference. Ours win over the caller's.
pub fn namespace(want: &ProjectSpec) -> Value {
    let mut all: BTreeMap<String, String> = want.labels.clone();
    all.extend(owned_labels(want));
    let mut annotations = want.annotations.clone();
    annotations.insert(
        labels::INTENT.to_owned(),
        digest::of(&json!([all, annotations])),
    );
    annotations.insert(labels::PROJECT_UID.to_owned(), want.id.to_string());
    if let Some(request) = &want.request {
        annotations.insert(labels::REQUEST.to_owned(), request.to_string());
    }
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": want.namespace.as_str(), "labels": all, "annotations": annotations},
    })
}

fn owned_labels(want: &ProjectSpec) -> BTreeMap<String, String> {
    [
        (labels::MANAGED_BY, labels::US.to_owned()),
        (labels::CLUSTER, want.cluster.to_string()),
        (labels::TENANT, want.tenant_name.to_string()),
        (labels::PROJECT, want.name.to_string()),
        (labels::TENANT_UID, want.tenant.to_string()),
        (labels::PROJECT_UID, want.id.to_string()),
        (labels::CAPSULE_TENANT, want.tenant_name.to_string()),
        ("pod-security.kubernetes.io/enforce", "baseline".to_owned()),
        ("pod-security.kubernetes.io/warn", "restricted".to_owned()),
        ("pod-security.kubernetes.io/audit", "restricted".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

/// The namespace of the accounts behind kubeconfigs.
pub fn platform(cluster: ClusterId) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": PLATFORM_NAMESPACE,
            "labels": {
                labels::MANAGED_BY: labels::US,
                labels::CLUSTER: cluster.to_string(),
                "pod-security.kubernetes.io/enforce": "restricted",
            },
        },
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use kubenova_core::value::{Name, ProjectId, TenantId};

    use super::*;

    pub(crate) fn spec() -> ProjectSpec {
        let name = |text: &str| Name::parse(text).unwrap();
        ProjectSpec {
            id: ProjectId::nth(3),
            tenant: TenantId::nth(2),
            cluster: ClusterId::nth(1),
            tenant_name: name("acme"),
            name: name("web"),
            namespace: name("acme-web"),
            labels: BTreeMap::from([("team".into(), "blue".into())]),
            annotations: BTreeMap::new(),
            request: None,
        }
    }

    #[test]
    fn a_labelled_project() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&namespace(&spec())).unwrap());
    }

    #[test]
    fn attack_82_our_labels_win() {
        let mut want = spec();
        for key in [
            "kubenova.project",
            "pod-security.kubernetes.io/enforce",
            labels::CAPSULE_TENANT,
        ] {
            want.labels.insert(key.to_owned(), "forged".to_owned());
        }
        assert!(!namespace(&want).to_string().contains("forged"));
    }
}
