//! The kinds that we read and write.

use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::{Api, Client};

/// A kind of object, as its API group serves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
}

pub(crate) const NAMESPACE: Kind = kind("", "v1", "Namespace", "namespaces");
pub(crate) const ACCOUNT: Kind = kind("", "v1", "ServiceAccount", "serviceaccounts");
pub(crate) const SECRET: Kind = kind("", "v1", "Secret", "secrets");
pub(crate) const BINDING: Kind = kind(
    "rbac.authorization.k8s.io",
    "v1",
    "RoleBinding",
    "rolebindings",
);
pub(crate) const CLUSTER_ROLE: Kind = kind(
    "rbac.authorization.k8s.io",
    "v1",
    "ClusterRole",
    "clusterroles",
);
pub(crate) const TENANT: Kind = kind("capsule.clastix.io", "v1beta2", "Tenant", "tenants");
pub(crate) const OWNER: Kind = kind(
    "capsule.clastix.io",
    "v1beta2",
    "TenantOwner",
    "tenantowners",
);
pub(crate) const CONFIGURATION: Kind = kind(
    "capsule.clastix.io",
    "v1beta2",
    "CapsuleConfiguration",
    "capsuleconfigurations",
);

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        kind,
        plural,
    }
}

impl Kind {
    fn resource(self) -> ApiResource {
        let gvk = GroupVersionKind::gvk(self.group, self.version, self.kind);
        ApiResource::from_gvk_with_plural(&gvk, self.plural)
    }

    /// The API of a cluster-scoped kind, or of a namespaced one in all namespaces.
    pub(crate) fn all(self, client: Client) -> Api<DynamicObject> {
        Api::all_with(client, &self.resource())
    }

    /// The API of a namespaced kind in one namespace.
    pub(crate) fn within(self, client: Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client, namespace, &self.resource())
    }
}
