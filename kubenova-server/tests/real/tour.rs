//! The way of a platform engineer, on Postgres: from nothing to a developer at work, and back to nothing.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, deployed};
use crate::eyes::Eyes;
use crate::place;
use crate::server::Site;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_leaves_nothing_behind() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let before = admin.inventory().await;
    let site = Site::postgres().await;
    let server = site.start("all").await;
    let api = server.api.clone();
    server.register("tour").await;
    let capabilities = api.get("/clusters/tour/capabilities").await;
    assert_eq!(capabilities["tenancy"], true, "{capabilities}");

    let name = format!("acme-{}", place::unique());
    let space = format!("{name}-web");
    let tenant = format!("/clusters/tour/tenants/{name}");
    let project = format!("{tenant}/projects/web");
    let uid = build(&api, &admin, &name).await;
    issue_and_revoke(&api, &uid, &space).await;

    api.must(409, Method::DELETE, &tenant, None).await;
    for path in [&project, &tenant, "/clusters/tour"] {
        api.delete(path).await;
        api.must(404, Method::GET, path, None).await;
    }
    assert_eq!(api.get("/clusters").await, json!([]));
    let gone = crate::eyes::until("nothing is left", async || {
        admin.inventory().await == before
    });
    println!(
        "inventory of {} objects as before {:?} after the last deletion",
        before.len(),
        gone.await
    );
    server.stop().await;
}

/// Tenant, owners, project, members, each seen on the cluster; the tenant's uid.
async fn build(api: &Api, admin: &Eyes, name: &str) -> String {
    let body = json!({"name": name, "owners": ["alice"], "labels": {"tier": "gold"}});
    let made = api.post("/clusters/tour/tenants", body).await;
    assert!(deployed(&made), "the wait was long enough: {made}");
    let tenant = format!("/clusters/tour/tenants/{name}");
    let owners = json!({"owners": ["alice", "bob"]});
    let changed = api.put(&format!("{tenant}/owners"), owners).await;
    assert_eq!(changed["owners"], json!(["alice", "bob"]));
    let seen = admin
        .get(&format!("/apis/capsule.clastix.io/v1beta2/tenants/{name}"))
        .await;
    assert_eq!(seen["metadata"]["labels"]["tier"], "gold", "{seen}");

    let body = json!({"name": "web", "labels": {"app": "shop"}});
    let project = api.post(&format!("{tenant}/projects"), body).await;
    assert!(deployed(&project), "{project}");
    assert_eq!(project["namespace"], format!("{name}-web"));
    let space = admin.get(&format!("/api/v1/namespaces/{name}-web")).await;
    let labels = &space["metadata"]["labels"];
    for (key, value) in [
        ("app", "shop"),
        ("kubenova.tenant", name),
        ("kubenova.project", "web"),
        ("capsule.clastix.io/tenant", name),
        ("kubenova.io/project-uid", project["uid"].as_str().unwrap()),
        ("pod-security.kubernetes.io/enforce", "baseline"),
    ] {
        assert_eq!(labels[key], value, "{key}: {labels}");
    }
    assert_eq!(space["metadata"]["ownerReferences"][0]["name"], name);
    // Owners are of use by their own names.
    let pods = format!("/api/v1/namespaces/{name}-web/pods");
    for owner in ["alice", "bob"] {
        let owner = Eyes::of(owner).await;
        // Capsule binds them once it has seen the namespace, which is ours no longer to wait for.
        crate::eyes::until("Capsule lets its owner in", async || {
            owner.status(&pods).await == 200
        })
        .await;
    }
    assert_eq!(Eyes::of("mallory").await.status(&pods).await, 403);

    let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    api.put(&format!("{tenant}/projects/web/access"), members)
        .await;
    let binding = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{name}-web/rolebindings/kubenova:projectDev"
    );
    let bound = admin.get(&binding).await;
    assert_eq!(bound["subjects"][0]["name"], "dev", "{bound}");
    made["uid"].as_str().unwrap().to_owned()
}

/// A kubeconfig for each role opens what it must; a revoked one opens nothing, and soon is nobody.
async fn issue_and_revoke(api: &Api, tenant: &str, space: &str) {
    let path = format!("/tenants/{tenant}/kubeconfig");
    let pods = format!("/api/v1/namespaces/{space}/pods");
    let secrets = format!("/api/v1/namespaces/{space}/secrets");
    let mut last = None;
    for (body, sees_secrets) in [
        (json!({"role": "tenantOwner", "ttlSeconds": 3600}), 200),
        (json!({"role": "projectDev", "project": "web"}), 200),
        (json!({"role": "readOnly"}), 403),
    ] {
        let issued = api.post(&path, body.clone()).await;
        let holder = Eyes::issued(&issued).await;
        assert_eq!(holder.status(&pods).await, 200, "{body}");
        assert_eq!(holder.status(&secrets).await, sees_secrets, "{body}");
        for foreign in ["default", "kube-system", "kubenova-system"] {
            let foreign = format!("/api/v1/namespaces/{foreign}/pods");
            assert_eq!(holder.status(&foreign).await, 403, "{body} {foreign}");
        }
        last = Some((issued, holder));
    }
    let without = json!({"role": "projectDev"});
    api.must(422, Method::POST, &path, Some(&without)).await;

    let (issued, holder) = last.unwrap();
    let grant = format!("/grants/{}", issued["grantId"].as_str().unwrap());
    let asked = Instant::now();
    let (status, revoked) = api.send(Method::DELETE, &grant, None, 0).await.unwrap();
    let answered = asked.elapsed();
    assert_eq!((status, &revoked["state"]), (200, &json!("revoked")));
    let mut cut = None;
    let dead = loop {
        match holder.status(&pods).await {
            200 => assert!(cut.is_none(), "what was cut opens again"),
            403 => cut = cut.or_else(|| Some(asked.elapsed())),
            401 => break asked.elapsed(),
            other => panic!("status {other}"),
        }
        assert!(asked.elapsed() < Duration::from_secs(30), "no 401");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let cut = cut.expect("403 comes before 401");
    println!("revoked: answer {answered:?}, 403 after {cut:?}, 401 after {dead:?}");
    let told = |grant: &Value| grant["revocation"]["credentialDeadAt"].is_string();
    let (_, told) = api.until(&grant, "the death is told", PATIENCE, told).await;
    assert!(told["revocation"]["bindingCutAt"].is_string(), "{told}");
}

/// Kubernetes itself takes five seconds for an empty namespace; what is allowed beyond that is for a loaded machine.
const DELETED: Duration = Duration::from_secs(9);

#[tokio::test(flavor = "multi_thread")]
async fn a_project_goes_at_once_after_its_kubeconfigs_and_nobody_is_in_anybodys_way() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    let api = &server.api;
    server.register("goes").await;
    let name = format!("g-{}", place::unique());
    let tenant = format!("/clusters/goes/tenants/{name}");
    let body = json!({"name": name, "owners": ["alice"]});
    let made = api.post("/clusters/goes/tenants", body).await;
    let issue = format!("/tenants/{}/kubeconfig", made["uid"].as_str().unwrap());
    for (nth, revoked) in [(0, true), (1, false), (2, true), (3, false)] {
        let name = format!("p{nth}");
        let projects = format!("{tenant}/projects");
        api.post(&projects, json!({"name": name})).await;
        let (path, mut grants) = (format!("{projects}/{name}"), Vec::new());
        for _ in 0..3 {
            let body = json!({"role": "projectDev", "project": name});
            grants.push(api.post(&issue, body).await["grantId"].clone());
        }
        for grant in grants.iter().filter(|_| revoked) {
            let grant = format!("/grants/{}", grant.as_str().unwrap());
            api.must(200, Method::DELETE, &grant, None).await;
        }
        let begun = Instant::now();
        api.delete(&path).await;
        api.must(404, Method::GET, &path, None).await;
        let took = begun.elapsed();
        println!("with three kubeconfigs, revoked before: {revoked}: gone after {took:?}");
        assert!(took < DELETED, "{took:?}");
    }
    let log = server.log();
    assert!(!log.contains("Could not reconcile"), "{log}");
    assert!(!log.contains("Could not cut"), "{log}");
    api.delete(&format!("{tenant}?cascade=true")).await;
    api.delete("/clusters/goes").await;
    server.stop().await;
}
