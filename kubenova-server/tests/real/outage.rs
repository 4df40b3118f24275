//! Parts of the cluster that stop and come back: the API says so, and what was asked for meanwhile is done after.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, condition, deployed};
use crate::eyes::Eyes;
use crate::place;
use crate::server::{Server, Site};

/// An outage and its end are known within this.
const KNOWN: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits for a condition of the cluster; it must come in time.
async fn within(api: &Api, kind: &str, status: &str, time: Duration) {
    let is = |seen: &Value| condition(seen, kind)["status"] == status;
    let what = format!("{kind} is {status}");
    let (took, seen) = api.until("/clusters/outage", &what, time, is).await;
    println!(
        "{what} after {took:?}: {}",
        condition(&seen, kind)["message"]
    );
}

/// A tenant with a project; the path of the tenant.
async fn tenant(server: &Server) -> String {
    let name = format!("x-{}", place::unique());
    let body = json!({"name": name, "owners": ["alice"]});
    server.api.post("/clusters/outage/tenants", body).await;
    let tenant = format!("/clusters/outage/tenants/{name}");
    server
        .api
        .post(&format!("{tenant}/projects"), json!({"name": "before"}))
        .await;
    tenant
}

/// Asks for a project while the cluster cannot follow.
async fn ask(api: &Api, tenant: &str, name: &str) -> String {
    let body = json!({"name": name});
    let projects = format!("{tenant}/projects");
    let answer = api.send(Method::POST, &projects, Some(&body), 1).await;
    let (status, made) = answer.unwrap();
    assert!(status == 200 && !deployed(&made), "{status} {made}");
    format!("{projects}/{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_16_without_capsule_the_cluster_says_so_and_converges_when_it_is_back() {
    let _alone = place::alone().await;
    Eyes::of("admin").await.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    server.register("outage").await;
    let tenant = tenant(&server).await;

    place::part("stop-part", "capsule").await;
    within(&server.api, "TenancyReady", "False", KNOWN).await;
    let project = ask(&server.api, &tenant, "meanwhile").await;
    let failing = |seen: &Value| seen["status"]["phase"] == "Error";
    let (_, seen) = server
        .api
        .until(&project, "it fails", PATIENCE, failing)
        .await;
    println!("meanwhile: {}", condition(&seen, "Ready"));
    let starting = Instant::now();
    place::part("start-part", "capsule").await;
    let back = Instant::now();
    within(&server.api, "TenancyReady", "True", KNOWN).await;
    server
        .api
        .until(&project, "it converges", PATIENCE, deployed)
        .await;
    println!(
        "converged {:?} after Capsule was back, {:?} after its start",
        back.elapsed(),
        starting.elapsed()
    );
    end(server, &tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_an_api_server_that_stops_is_unreachable_within_10_s_and_back_within_10_s() {
    let _alone = place::alone().await;
    Eyes::of("admin").await.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    server.register("outage").await;
    let tenant = tenant(&server).await;

    place::part("stop-part", "kube-apiserver").await;
    within(&server.api, "Reachable", "False", KNOWN).await;
    let project = ask(&server.api, &tenant, "meanwhile").await;
    // One cluster that is away is no reason for a load balancer to take the server away too.
    let ready = server.api.send(Method::GET, "!/readyz", None, 0).await;
    assert_eq!(ready.unwrap().0, 200);
    let starting = Instant::now();
    place::part("start-part", "kube-apiserver").await;
    let back = Instant::now();
    within(&server.api, "Reachable", "True", KNOWN).await;
    server
        .api
        .until(&project, "it converges", PATIENCE, deployed)
        .await;
    println!(
        "converged {:?} after the API server was back, {:?} after its start",
        back.elapsed(),
        starting.elapsed()
    );
    end(server, &tenant).await;
}

async fn end(server: Server, tenant: &str) {
    server.api.delete(&format!("{tenant}?cascade=true")).await;
    server.api.delete("/clusters/outage").await;
    server.stop().await;
}
