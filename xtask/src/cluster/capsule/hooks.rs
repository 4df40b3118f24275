//! The admission webhooks of Capsule as a table: what each is asked about, and when.

use serde_json::{Value, json};

const TENANCY: &str = "capsule.clastix.io";
/// Subject of a webhook: API groups, versions, resources, and the scope.
pub type Of = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

const NAMESPACES: Of = (&[""], &["v1"], &["namespaces"], "*");
const NAMESPACE_PARTS: Of = (
    &[""],
    &["v1"],
    &["namespaces", "namespaces/status", "namespaces/finalize"],
    "*",
);
const TENANTS: Of = (&[TENANCY], &["*"], &["tenants"], "Cluster");
const OWNERS: Of = (&[TENANCY], &["v1beta2"], &["tenantowners"], "Cluster");
const SETTINGS: Of = (
    &[TENANCY],
    &["v1beta2"],
    &["capsuleconfigurations"],
    "Cluster",
);
const RULES: Of = (&[TENANCY], &["v1beta2"], &["rulestatuses"], "Namespaced");
const POOLS: Of = (&[TENANCY], &["*"], &["resourcepools"], "*");
const CLAIMS: Of = (&[TENANCY], &["*"], &["resourcepoolclaims"], "*");
const QUOTAS: Of = (&[TENANCY], &["v1beta2"], &["customquotas"], "Namespaced");
const GLOBAL_QUOTAS: Of = (&[TENANCY], &["v1beta2"], &["globalcustomquotas"], "Cluster");
const ANYTHING: Of = (&["*"], &["*"], &["*"], "Namespaced");
const ANYTHING_DEEP: Of = (&["*"], &["*"], &["*/*"], "Namespaced");
const REPLICATED: Of = (&["*"], &["*"], &["*"], "*");
const PODS: Of = (
    &[""],
    &["v1"],
    &["pods", "pods/ephemeralcontainers"],
    "Namespaced",
);
const PODS_AND_CLAIMS: Of = (
    &[""],
    &["v1"],
    &["pods", "persistentvolumeclaims"],
    "Namespaced",
);
const VOLUMES: Of = (&[""], &["v1"], &["persistentvolumeclaims"], "Namespaced");
const SERVICES: Of = (&[""], &["v1"], &["services"], "Namespaced");
const ACCOUNTS: Of = (&[""], &["v1"], &["serviceaccounts"], "Namespaced");
const INGRESSES: Of = (
    &["networking.k8s.io"],
    &["v1"],
    &["ingresses"],
    "Namespaced",
);

/// When a webhook is asked, beyond its subject.
#[derive(Clone, Copy, Debug)]
pub enum Only {
    /// Always.
    Always,
    /// In namespaces of tenants.
    InTenants,
    /// There, but neither about subresources nor about events.
    InTenantsWhole,
    /// There, but not about events.
    InTenantsNoEvents,
    /// In namespaces of cordoned tenants.
    InCordoned,
    /// About objects that Capsule manages.
    Managed,
    /// About objects that Capsule replicates.
    Replicated,
    /// About accounts that are to become owners.
    Promoted,
}

/// Name without its domain, path, operations by first letter, subject, condition.
pub type Hook = (&'static str, &'static str, &'static str, Of, Only);

/// Those that change what is written.
pub const MUTATING: [Hook; 8] = [
    (
        "namespaces.mutating",
        "/namespaces/mutating",
        "CU",
        NAMESPACES,
        Only::Always,
    ),
    (
        "tenants.mutating",
        "/tenants/mutating",
        "CUD",
        TENANTS,
        Only::Always,
    ),
    (
        "generic.rules.mutating",
        "/rules/generic/mutating",
        "CU",
        ANYTHING_DEEP,
        Only::InTenantsWhole,
    ),
    (
        "metadata.mutating",
        "/generic/metadata",
        "CU",
        ANYTHING,
        Only::InTenantsWhole,
    ),
    (
        "pod.mutating",
        "/defaults",
        "C",
        PODS_AND_CLAIMS,
        Only::InTenants,
    ),
    (
        "ingress.mutating",
        "/defaults",
        "CU",
        INGRESSES,
        Only::InTenants,
    ),
    (
        "resourcepools.mutating",
        "/resourcepools/mutating",
        "CU",
        POOLS,
        Only::Always,
    ),
    (
        "resourcepoolclaims.mutating",
        "/resourcepools/claim/mutating",
        "CU",
        CLAIMS,
        Only::Always,
    ),
];

/// Those that refuse what is written.
pub const VALIDATING: [Hook; 18] = [
    (
        "namespaces.validating",
        "/namespaces/validating",
        "CUD",
        NAMESPACE_PARTS,
        Only::Always,
    ),
    (
        "tenants.validating",
        "/tenants/validating",
        "CUD",
        TENANTS,
        Only::Always,
    ),
    (
        "owners.validating",
        "/tenantowners/validating",
        "CUD",
        OWNERS,
        Only::Always,
    ),
    (
        "config.validating",
        "/config/validating",
        "CU",
        SETTINGS,
        Only::Always,
    ),
    (
        "rulestatus.validating",
        "/rulestatus/validating",
        "CUD",
        RULES,
        Only::Always,
    ),
    (
        "managed.validating",
        "/generic/managed",
        "CUD",
        ANYTHING,
        Only::Managed,
    ),
    (
        "replications.validating",
        "/generic/replications",
        "UD",
        REPLICATED,
        Only::Replicated,
    ),
    (
        "cordoning.validating",
        "/generic/cordoning",
        "CUD",
        ANYTHING,
        Only::InCordoned,
    ),
    (
        "generic.rules.validating",
        "/rules/generic/validating",
        "CU",
        ANYTHING_DEEP,
        Only::InTenantsNoEvents,
    ),
    (
        "serviceaccounts.validating",
        "/serviceaccounts/validating",
        "CU",
        ACCOUNTS,
        Only::Promoted,
    ),
    (
        "pods.validating",
        "/pods/validating",
        "CU",
        PODS,
        Only::InTenants,
    ),
    (
        "services.validating",
        "/services/validating",
        "CU",
        SERVICES,
        Only::InTenants,
    ),
    (
        "pvc.validating",
        "/persistentvolumeclaims/validating",
        "C",
        VOLUMES,
        Only::InTenants,
    ),
    (
        "ingress.validating",
        "/ingresses/validating",
        "CU",
        INGRESSES,
        Only::InTenants,
    ),
    (
        "resourcepools.validating",
        "/resourcepools/validating",
        "CU",
        POOLS,
        Only::Always,
    ),
    (
        "resourcepoolclaims.validating",
        "/resourcepools/claim/validating",
        "CUD",
        CLAIMS,
        Only::Always,
    ),
    (
        "namespaced.custom-quotas.validating",
        "/custom-quotas/namespaced/validating",
        "CUD",
        QUOTAS,
        Only::Always,
    ),
    (
        "cluster.custom-quotas.validating",
        "/custom-quotas/cluster/validating",
        "CUD",
        GLOBAL_QUOTAS,
        Only::Always,
    ),
];

/// The webhook as the configuration lists it.
pub fn webhook(hook: &Hook, mutating: bool) -> Value {
    let (name, path, operations, of, only) = *hook;
    let (groups, versions, resources, scope) = of;
    let lenient = matches!(name, "metadata.mutating" | "config.validating");
    let dry_run_aware = name == "namespaces.mutating";
    let mut webhook = json!({
        "name": format!("{name}.projectcapsule.dev"),
        "path": path,
        "admissionReviewVersions": ["v1"],
        "sideEffects": if dry_run_aware { "NoneOnDryRun" } else { "None" },
        "failurePolicy": if lenient { "Ignore" } else { "Fail" },
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 10,
        "rules": [{
            "apiGroups": groups, "apiVersions": versions, "resources": resources, "scope": scope,
            "operations": operations.chars().map(operation).collect::<Vec<_>>(),
        }],
    });
    if mutating {
        webhook["reinvocationPolicy"] = json!("Never");
    }
    for (key, value) in conditions(only) {
        webhook[key] = value;
    }
    webhook
}

fn operation(letter: char) -> &'static str {
    match letter {
        'C' => "CREATE",
        'U' => "UPDATE",
        _ => "DELETE",
    }
}

fn conditions(only: Only) -> Vec<(&'static str, Value)> {
    let in_tenants = || {
        (
            "namespaceSelector",
            selector(&[exists("capsule.clastix.io/tenant")]),
        )
    };
    let no_events = ("no-events", "request.resource.resource != \"events\"");
    let whole = (
        "no-subresources",
        "!has(request.subResource) || request.subResource == \"\"",
    );
    let promoted = "has(object.metadata.labels) && (\"projectcapsule.dev/promote\" in object.metadata.labels \
                    || \"owner.projectcapsule.dev/promote\" in object.metadata.labels)";
    match only {
        Only::Always => Vec::new(),
        Only::InTenants => vec![in_tenants()],
        Only::InTenantsWhole => vec![in_tenants(), matching(&[whole, no_events])],
        Only::InTenantsNoEvents => vec![in_tenants(), matching(&[no_events])],
        Only::InCordoned => {
            let cordoned = one_of("projectcapsule.dev/cordoned", "true");
            let both = selector(&[exists("capsule.clastix.io/tenant"), cordoned]);
            vec![("namespaceSelector", both), matching(&[whole, no_events])]
        }
        Only::Managed => {
            vec![(
                "objectSelector",
                selector(&[one_of("projectcapsule.dev/managed-by", "controller")]),
            )]
        }
        Only::Replicated => {
            let made = one_of("projectcapsule.dev/created-by", "replications");
            vec![("objectSelector", selector(&[made]))]
        }
        Only::Promoted => vec![in_tenants(), matching(&[("promotion-label", promoted)])],
    }
}

fn selector(expressions: &[Value]) -> Value {
    json!({"matchExpressions": expressions})
}

fn exists(key: &str) -> Value {
    json!({"key": key, "operator": "Exists"})
}

fn one_of(key: &str, value: &str) -> Value {
    json!({"key": key, "operator": "In", "values": [value]})
}

fn matching(conditions: &[(&str, &str)]) -> (&'static str, Value) {
    let all = conditions
        .iter()
        .map(|(name, rule)| json!({"name": name, "expression": rule}));
    ("matchConditions", all.collect())
}
