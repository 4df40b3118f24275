//! What a kubeconfig of each role may do, kind by kind and verb by verb, as the cluster itself says.

mod inside;
mod people;
mod stage;

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::eyes::Eyes;
use crate::place;
use crate::server::Site;

const ROLES: [&str; 3] = ["readOnly", "projectDev", "tenantOwner"];

/// A verb and its letter in the table.
const VERBS: [(char, &str); 8] = [
    ('g', "get"),
    ('l', "list"),
    ('w', "watch"),
    ('c', "create"),
    ('u', "update"),
    ('p', "patch"),
    ('d', "delete"),
    ('D', "deletecollection"),
];

/// Resource with its group, then what readOnly, projectDev and tenantOwner may do with it in their project (contract,
/// section 5). Written by hand, not derived from the manifests.
const INSIDE: &str = "
pods                                    glw      glwcupdD glwcupdD
pods/log                                glw      glw      glw
pods/exec                               -        gc       gc
pods/portforward                        -        gc       gc
pods/attach                             -        -        -
pods/ephemeralcontainers                -        -        -
pods/eviction                           -        -        -
services                                glw      glwcupdD glwcupdD
services/proxy                          -        -        -
pods/proxy                              -        -        -
configmaps                              glw      glwcupdD glwcupdD
secrets                                 -        glwcupdD glwcupdD
persistentvolumeclaims                  glw      glwcup   glwcupdD
events                                  glw      glw      glw
events.events.k8s.io                    glw      glw      glw
deployments.apps                        glw      glwcupdD glwcupdD
statefulsets.apps                       glw      glwcupdD glwcupdD
daemonsets.apps                         glw      glwcupdD glwcupdD
replicasets.apps                        glw      glwcupdD glwcupdD
deployments.apps/scale                  -        gup      gup
jobs.batch                              glw      glwcupdD glwcupdD
cronjobs.batch                          glw      glwcupdD glwcupdD
horizontalpodautoscalers.autoscaling    glw      glwcupdD glwcupdD
ingresses.networking.k8s.io             glw      glwcupdD glwcupdD
networkpolicies.networking.k8s.io       glw      glw      glw
resourcequotas                          glw      glw      glw
limitranges                             glw      glw      glw
roles.rbac.authorization.k8s.io         -        -        -
rolebindings.rbac.authorization.k8s.io  -        -        -
serviceaccounts                         -        -        -
serviceaccounts/token                   -        -        -
tenantresources.capsule.clastix.io      -        -        -
leases.coordination.k8s.io              -        -        -
namespaces                              -        -        -
";

/// Nobody may do anything with these anywhere.
const CLUSTER_WIDE: [&str; 14] = [
    "namespaces",
    "nodes",
    "persistentvolumes",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "storageclasses.storage.k8s.io",
    "tenants.capsule.clastix.io",
    "tenantowners.capsule.clastix.io",
    "capsuleconfigurations.capsule.clastix.io",
    "globaltenantresources.capsule.clastix.io",
    "tokenreviews.authentication.k8s.io",
];

/// Verbs beyond the usual ones, each with a resource that knows it: never anybody's.
const SPECIAL: [(&str, &str); 7] = [
    ("*", "*.*"),
    ("impersonate", "users"),
    ("impersonate", "serviceaccounts"),
    ("bind", "clusterroles.rbac.authorization.k8s.io"),
    ("escalate", "roles.rbac.authorization.k8s.io"),
    ("approve", "signers.certificates.k8s.io"),
    ("use", "podsecuritypolicies.policy"),
];

/// A question to the cluster. `namespace` empty asks for all of them.
fn question(namespace: &str, verb: &str, resource: &str) -> Value {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    json!({"namespace": namespace, "verb": verb, "resource": resource, "group": group,
        "subresource": subresource})
}

/// The letters of the verbs that are allowed, `-` for none.
async fn letters(who: &Eyes, namespace: &str, resource: &str) -> String {
    let mut allowed = String::new();
    for (letter, verb) in VERBS {
        if who.may(question(namespace, verb, resource)).await {
            allowed.push(letter);
        }
    }
    if allowed.is_empty() {
        "-".to_owned()
    } else {
        allowed
    }
}

fn rows() -> Vec<(&'static str, [&'static str; 3])> {
    let lines = INSIDE.trim().lines();
    let row = |line: &'static str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [resource, may @ ..] = words.as_slice() else {
            panic!("{line}")
        };
        (*resource, may.try_into().unwrap())
    };
    lines.map(row).collect()
}

/// What differs from the table, for one holder.
async fn inside(who: &Eyes, role: usize, namespace: &str) -> Vec<String> {
    let asked = futures::stream::iter(rows()).map(async |(resource, may)| {
        let is = letters(who, namespace, resource).await;
        (is != may[role]).then(|| format!("{} {resource}: {is} not {}", ROLES[role], may[role]))
    });
    asked
        .buffer_unordered(8)
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// What is allowed where nothing must be.
async fn outside(who: &Eyes, role: usize, foreign: &[String]) -> Vec<String> {
    let mut questions: Vec<(String, &str)> = Vec::new();
    for namespace in foreign {
        questions.extend(
            rows()
                .into_iter()
                .map(|(resource, _)| (namespace.clone(), resource)),
        );
    }
    questions.extend(CLUSTER_WIDE.map(|resource| (String::new(), resource)));
    let asked = futures::stream::iter(questions).map(async |(namespace, resource)| {
        let is = letters(who, &namespace, resource).await;
        (is != "-").then(|| format!("{} {resource} in `{namespace}`: {is}", ROLES[role]))
    });
    asked
        .buffer_unordered(8)
        .filter_map(std::future::ready)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_88_each_role_may_what_the_table_says_and_nothing_else() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    let api = &server.api;
    server.register("rights").await;
    let (name, other) = (
        format!("r-{}", place::unique()),
        format!("o-{}", place::unique()),
    );
    let mut uid = Value::Null;
    for name in [&other, &name] {
        let body = json!({"name": name, "owners": ["alice"]});
        uid = api.post("/clusters/rights/tenants", body).await["uid"].clone();
        let projects = format!("/clusters/rights/tenants/{name}/projects");
        api.post(&projects, json!({"name": "web"})).await;
    }
    let projects = format!("/clusters/rights/tenants/{name}/projects");
    api.post(&projects, json!({"name": "sibling"})).await;
    let mine = format!("{name}-web");
    let mut foreign: Vec<String> = ["default", "kube-system", "kubenova-system", ""]
        .map(str::to_owned)
        .into();
    foreign.push(format!("{other}-web"));
    foreign.push(format!("{name}-sibling"));

    let mut wrong = Vec::new();
    for (nth, role) in ROLES.into_iter().enumerate() {
        let body = json!({"role": role, "project": "web"});
        let path = format!("/tenants/{}/kubeconfig", uid.as_str().unwrap());
        let holder = Eyes::issued(&api.post(&path, body).await).await;
        wrong.extend(inside(&holder, nth, &mine).await);
        wrong.extend(outside(&holder, nth, &foreign).await);
        for (verb, resource) in SPECIAL {
            for namespace in [mine.as_str(), ""] {
                if holder.may(question(namespace, verb, resource)).await {
                    wrong.push(format!("{role} {verb} {resource} in `{namespace}`"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let count =
        ROLES.len() * VERBS.len() * (rows().len() * (foreign.len() + 1) + CLUSTER_WIDE.len());
    println!("{count} rights as in the table");
    for name in [&name, &other] {
        api.delete(&format!("/clusters/rights/tenants/{name}?cascade=true"))
            .await;
    }
    api.delete("/clusters/rights").await;
    server.stop().await;
}
