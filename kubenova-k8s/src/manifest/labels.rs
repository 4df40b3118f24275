//! Names of labels and annotations on the cluster (contract, section 5).

/// The cluster's uid.
pub const CLUSTER: &str = "kubenova.cluster";
/// The tenant's name.
pub const TENANT: &str = "kubenova.tenant";
/// The project's name.
pub const PROJECT: &str = "kubenova.project";
/// The tenant's uid.
pub const TENANT_UID: &str = "kubenova.io/tenant-uid";
/// The project's uid.
pub const PROJECT_UID: &str = "kubenova.io/project-uid";
/// The grant's uid.
pub const GRANT_UID: &str = "kubenova.io/grant-uid";
/// Digest of the intent that was last applied, an annotation: a shrunk label set is noticed by it.
pub const INTENT: &str = "kubenova.io/intent";
/// The request that last shaped the object, an annotation.
pub const REQUEST: &str = "kubenova.io/request-id";
/// The quotas of a tenant as a JSON map, an annotation (contract, section 5).
pub const QUOTAS: &str = "kubenova.io/quotas";
/// Capsule's mark of a member namespace.
pub const CAPSULE_TENANT: &str = "capsule.clastix.io/tenant";
/// Capsule's mark on a `TenantOwner`.
pub const CAPSULE_OWNER_OF: &str = "projectcapsule.dev/tenant";
/// Who manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// We do.
pub const US: &str = "kubenova";
/// The selector of everything that is ours.
pub const OURS: &str = "app.kubernetes.io/managed-by=kubenova";

/// Whether a label or annotation key is one of ours, for letting go of an object.
pub fn is_ours(key: &str) -> bool {
    key == MANAGED_BY || key.starts_with("kubenova.")
}
