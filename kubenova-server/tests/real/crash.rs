//! A server that is killed between its promise and its work: another keeps the promise.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use crate::api::deployed;
use crate::eyes::Eyes;
use crate::place;
use crate::server::{Server, Site};

/// Much longer than a lease (4 s): what a killed worker held is free again after it.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn fault_1_a_server_killed_between_commit_and_apply_loses_nothing() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::postgres().await;
    let first = site.start("all").await;
    first.register("crash").await;
    first.stop().await;
    let name = format!("k-{}", place::unique());
    let tenant = format!("/clusters/crash/tenants/{name}");

    // It promises and does not work: whatever is stored when it dies is not applied.
    let promising = site.start("api").await;
    let body = json!({"name": name, "owners": ["alice"]});
    create(&promising, "/clusters/crash/tenants", &body).await;
    let projects = format!("{tenant}/projects");
    create(&promising, &projects, &json!({"name": "p0"})).await;
    promising.kill().await;
    let path = format!("/api/v1/namespaces/{name}-p0");
    assert_eq!(admin.status(&path).await, 404);

    // It works too, and dies at the moment of its answer, in the middle of whatever it does then.
    let mut made = 1;
    for _ in 0..3 {
        let dying = site.start("all").await;
        for _ in 0..4 {
            create(&dying, &projects, &json!({"name": format!("p{made}")})).await;
            made += 1;
        }
        dying.kill().await;
    }

    let begun = Instant::now();
    let last = site.start("all").await;
    last.api
        .until(&tenant, "the tenant converges", PATIENCE, deployed)
        .await;
    for nth in 0..made {
        let path = format!("{projects}/p{nth}");
        let (_, project) = last
            .api
            .until(&path, "a project converges", PATIENCE, deployed)
            .await;
        let space = admin
            .get(&format!("/api/v1/namespaces/{name}-p{nth}"))
            .await;
        assert_eq!(
            space["metadata"]["labels"]["kubenova.io/project-uid"],
            project["uid"]
        );
    }
    println!(
        "killed 4 times; {made} projects converged {:?} after the last start",
        begun.elapsed()
    );
    last.api.delete(&format!("{tenant}?cascade=true")).await;
    last.api.delete("/clusters/crash").await;
    last.stop().await;
}

/// A create that is promised: answered 200.
async fn create(server: &Server, path: &str, body: &serde_json::Value) {
    let answer = server.api.send(Method::POST, path, Some(body), 0).await;
    assert_eq!(answer.unwrap().0, 200);
}
