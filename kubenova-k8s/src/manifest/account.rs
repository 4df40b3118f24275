//! The account behind a kubeconfig: a `ServiceAccount` and the Secret its token is bound to.

use serde_json::{Value, json};

use kubenova_core::domain::credential::{Account, PLATFORM_NAMESPACE};
use kubenova_core::value::ClusterId;

use super::labels;

fn metadata(account: Account, cluster: ClusterId) -> Value {
    json!({
        "name": account.name(),
        "namespace": PLATFORM_NAMESPACE,
        "labels": {
            labels::MANAGED_BY: labels::US,
            labels::CLUSTER: cluster.to_string(),
            labels::TENANT_UID: account.tenant.to_string(),
            labels::GRANT_UID: account.grant.to_string(),
        },
    })
}

/// The service account; no pod ever runs as it.
pub fn account(account: Account, cluster: ClusterId) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(account, cluster),
        "automountServiceAccountToken": false,
    })
}

/// The Secret whose life is the token's life. It is empty: the credential is kept nowhere.
pub fn secret(account: Account, cluster: ClusterId) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(account, cluster),
        "type": "Opaque",
    })
}

/// A binding of the account in its own namespace that gives nothing: no ClusterRole has this name. To whoever follows the
/// bindings of an account it says that the namespace is one of his.
pub fn bound_to_nothing(account: Account, cluster: ClusterId) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(account, cluster),
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "kubenova:nothing",
        },
        "subjects": [{
            "kind": "ServiceAccount",
            "namespace": PLATFORM_NAMESPACE,
            "name": account.name(),
        }],
    })
}

#[cfg(test)]
mod tests {
    use kubenova_core::value::{GrantId, TenantId};

    use super::*;

    #[test]
    fn account_and_secret() {
        let one = Account {
            grant: GrantId::nth(4),
            tenant: TenantId::nth(2),
        };
        let both = json!([
            account(one, ClusterId::nth(1)),
            secret(one, ClusterId::nth(1))
        ]);
        insta::assert_snapshot!(serde_json::to_string_pretty(&both).unwrap());
    }
}
