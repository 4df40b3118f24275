//! The roles of projects and who holds them (contract, section 5 "Project roles").

use std::collections::BTreeSet;

use serde_json::{Value, json};

use kubenova_core::access::ProjectRole;
use kubenova_core::ports::cluster::{BindingSubject, ProjectSpec};
use kubenova_core::value::{ClusterId, SubjectKind};

use super::labels;
use super::tenant::OWNER_ROLE;

const READ: [&str; 3] = ["get", "list", "watch"];
const ALL: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];
const WITHOUT_DELETE: [&str; 6] = ["get", "list", "watch", "create", "update", "patch"];

/// Name of the ClusterRole of a project role.
pub fn role_name(role: ProjectRole) -> String {
    format!("kubenova:project:{}", role.as_str())
}

/// Name of the `RoleBinding` of a project role.
pub fn binding_name(role: ProjectRole) -> String {
    format!("kubenova:{}", role.as_str())
}

/// The four ClusterRoles: one per project role, and the one Capsule binds for owners.
pub fn cluster_roles(cluster: ClusterId) -> Vec<Value> {
    let mut roles: Vec<Value> = ProjectRole::ALL
        .into_iter()
        .map(|role| cluster_role(&role_name(role), &rules(role), cluster))
        .collect();
    roles.push(cluster_role(
        OWNER_ROLE,
        &rules(ProjectRole::TenantOwner),
        cluster,
    ));
    roles
}

fn cluster_role(name: &str, rules: &Value, cluster: ClusterId) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {
            "name": name,
            "labels": {labels::MANAGED_BY: labels::US, labels::CLUSTER: cluster.to_string()},
        },
        "rules": rules,
    })
}

/// What a role may do in a project. Nobody may write roles, bindings, quotas, limits or network policies; nobody may
/// touch service accounts or their tokens; a reader sees no Secret, runs nothing and forwards nothing.
fn rules(role: ProjectRole) -> Value {
    let (write, claims): (&[&str], &[&str]) = match role {
        ProjectRole::ReadOnly => (&READ, &READ),
        // The objects of the project that outlive its workloads are its volumes: a developer makes but keeps them.
        ProjectRole::ProjectDev => (&ALL, &WITHOUT_DELETE),
        ProjectRole::TenantOwner => (&ALL, &ALL),
    };
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let mut rules = vec![
        rule("", &["pods", "services", "configmaps"], write),
        rule("", &["persistentvolumeclaims"], claims),
        rule(
            "",
            &[
                "pods/log",
                "pods/status",
                "events",
                "resourcequotas",
                "limitranges",
            ],
            &READ,
        ),
        rule(
            "apps",
            &["deployments", "statefulsets", "daemonsets", "replicasets"],
            write,
        ),
        rule("batch", &["jobs", "cronjobs"], write),
        rule("autoscaling", &["horizontalpodautoscalers"], write),
        rule("networking.k8s.io", &["ingresses"], write),
        rule("networking.k8s.io", &["networkpolicies"], &READ),
        rule("events.k8s.io", &["events"], &READ),
    ];
    if role != ProjectRole::ReadOnly {
        rules.push(rule("", &["secrets"], write));
        rules.push(rule(
            "",
            &["pods/exec", "pods/portforward"],
            &["create", "get"],
        ));
        rules.push(rule(
            "apps",
            &["deployments/scale", "statefulsets/scale"],
            &["get", "update", "patch"],
        ));
    }
    Value::Array(rules)
}

/// A role binding with exactly these subjects.
pub fn binding(
    want: &ProjectSpec,
    role: ProjectRole,
    subjects: &BTreeSet<BindingSubject>,
) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {
            "name": binding_name(role),
            "namespace": want.namespace.as_str(),
            "labels": {
                labels::MANAGED_BY: labels::US,
                labels::CLUSTER: want.cluster.to_string(),
                labels::TENANT_UID: want.tenant.to_string(),
                labels::PROJECT_UID: want.id.to_string(),
            },
        },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role_name(role),
        },
        "subjects": subjects.iter().map(subject).collect::<Vec<_>>(),
    })
}

fn subject(one: &BindingSubject) -> Value {
    if let (SubjectKind::ServiceAccount, Some((namespace, name))) =
        (one.kind, one.subject.service_account())
    {
        return json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    }
    json!({
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": one.kind.as_str(),
        "name": one.subject.as_str(),
    })
}

#[cfg(test)]
mod tests {
    use kubenova_core::value::Subject;

    use super::*;
    use crate::manifest::namespace::tests::spec;

    #[test]
    fn the_cluster_roles() {
        let all = Value::Array(cluster_roles(ClusterId::nth(1)));
        insta::assert_snapshot!(serde_json::to_string_pretty(&all).unwrap());
    }

    #[test]
    fn a_binding_of_a_user_and_an_account() {
        let one = |kind, name: &str| BindingSubject {
            kind,
            subject: Subject::parse(name).unwrap(),
        };
        let subjects = BTreeSet::from([
            one(SubjectKind::User, "dev"),
            one(
                SubjectKind::ServiceAccount,
                "system:serviceaccount:kubenova-system:grant-1",
            ),
        ]);
        let made = binding(&spec(), ProjectRole::ProjectDev, &subjects);
        insta::assert_snapshot!(serde_json::to_string_pretty(&made).unwrap());
    }

    #[test]
    fn attack_88_nobody_writes_what_bounds_him() {
        for role in ProjectRole::ALL {
            for rule in rules(role).as_array().unwrap() {
                let has = |field: &str, what: &str| {
                    rule[field]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|v| v.as_str() == Some(what))
                };
                for bound in ["resourcequotas", "limitranges", "networkpolicies"] {
                    assert!(
                        !has("resources", bound) || !has("verbs", "create"),
                        "{role:?} {bound}"
                    );
                }
                for never in [
                    "roles",
                    "rolebindings",
                    "serviceaccounts",
                    "serviceaccounts/token",
                    "*",
                ] {
                    assert!(!has("resources", never), "{role:?} {never}");
                }
                assert!(!has("verbs", "*") && !has("apiGroups", "*"));
            }
        }
    }

    #[test]
    fn attack_92_a_reader_sees_no_secret_and_runs_nothing() {
        let text = rules(ProjectRole::ReadOnly).to_string();
        for never in [
            "secrets",
            "pods/exec",
            "pods/portforward",
            "create",
            "delete",
            "patch",
        ] {
            assert!(!text.contains(never), "{never}");
        }
    }
}
