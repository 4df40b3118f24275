//! Foreign changes on the cluster do not last, and the API tells that they were there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{Api, condition, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::Site;

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const PATIENCE: Duration = Duration::from_secs(30);
/// How often each change is made: the slowest of them is told.
const TIMES: usize = 5;

/// The repair is told as a condition whose message names this; how long after `begun`.
async fn told(api: &Api, path: &str, names: &str, before: &Value) -> Value {
    let is_told = |seen: &Value| {
        let told = condition(seen, "DriftRepaired");
        let message = told["message"].as_str().unwrap_or_default();
        told["status"] == "True" && message.contains(names) && told != before && deployed(seen)
    };
    let (_, seen) = api.until(path, names, PATIENCE, is_told).await;
    condition(&seen, "DriftRepaired").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_changes_are_repaired_and_told() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    let api = &server.api;
    server.register("drift").await;
    let name = format!("d-{}", place::unique());
    let tenant = format!("/clusters/drift/tenants/{name}");
    let project = format!("{tenant}/projects/web");
    api.post(
        "/clusters/drift/tenants",
        json!({"name": name, "owners": ["alice"]}),
    )
    .await;
    api.post(
        &format!("{tenant}/projects"),
        json!({"name": "web", "labels": {"team": "blue"}}),
    )
    .await;
    let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    api.put(&format!("{project}/access"), members).await;
    api.until(&project, "the project is settled", PATIENCE, deployed)
        .await;

    let space = format!("/api/v1/namespaces/{name}-web");
    let binding = format!("{RBAC}/namespaces/{name}-web/rolebindings/kubenova:projectDev");
    let (mut bindings, mut labels) = (Vec::new(), Vec::new());
    let mut last = Value::Null;
    for _ in 0..TIMES {
        let old = admin.get(&binding).await["metadata"]["uid"].clone();
        let begun = Instant::now();
        admin.delete(&binding).await;
        until("the RoleBinding is back", async || {
            let seen = admin.get(&binding).await;
            seen["metadata"]["uid"].is_string() && seen["metadata"]["uid"] != old
        })
        .await;
        bindings.push(begun.elapsed());
        last = told(api, &project, "a RoleBinding", &last).await;

        let gone = json!({"metadata": {"labels": {"team": null, "kubenova.io/project-uid": null}}});
        let begun = Instant::now();
        admin.patch(&space, gone).await;
        until("the labels are back", async || {
            let labels = admin.get(&space).await["metadata"]["labels"].clone();
            labels["team"] == "blue" && labels["kubenova.io/project-uid"].is_string()
        })
        .await;
        labels.push(begun.elapsed());
        last = told(api, &project, "the namespace", &last).await;
    }
    println!("repaired: RoleBinding {bindings:?}, labels {labels:?}");
    roles(api, &admin).await;

    api.delete(&format!("{tenant}?cascade=true")).await;
    api.delete("/clusters/drift").await;
    server.stop().await;
}

/// Somebody gives all developers of all tenants more than they may have.
async fn roles(api: &Api, admin: &Eyes) {
    let role = format!("{RBAC}/clusterroles/kubenova:project:projectDev");
    let rules = admin.get(&role).await["rules"].clone();
    let mut more = rules.clone();
    let all = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    more.as_array_mut().unwrap().push(all);
    let (mut times, mut last) = (Vec::new(), Value::Null);
    for _ in 0..TIMES {
        let begun = Instant::now();
        admin.patch(&role, json!({"rules": more})).await;
        until("the ClusterRole is as it was", async || {
            admin.get(&role).await["rules"] == rules
        })
        .await;
        times.push(begun.elapsed());
        last = told(api, "/clusters/drift", "a platform object", &last).await;
    }
    println!("repaired: ClusterRole {times:?}");
}
