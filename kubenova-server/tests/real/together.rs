//! Two servers on one Postgres share the work, and one outlives the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::Site;

const TENANTS: usize = 40;
const PROJECTS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(240);

/// Asks one server until it says yes; what the other had stored before it died is a conflict, and stored.
async fn surely(apis: &[Api; 2], nth: usize, path: &str, body: &Value) {
    for attempt in 0..100 {
        let api = &apis[(nth + attempt) % 2];
        match api.send(Method::POST, path, Some(body), 0).await {
            Some((200, _)) => return,
            Some((409, _)) if attempt > 0 => return,
            Some((503, _)) | None => tokio::time::sleep(Duration::from_millis(50)).await,
            Some((status, answer)) => panic!("{path} {body}: {status} {answer}"),
        }
    }
    panic!("{path} {body}: no answer");
}

async fn all(apis: &[Api; 2], wishes: Vec<(String, Value)>) {
    let asked = wishes.into_iter().enumerate();
    let asked =
        asked.map(|(nth, (path, body))| async move { surely(apis, nth, &path, &body).await });
    futures::stream::iter(asked)
        .buffer_unordered(16)
        .collect::<()>()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_converge_40_tenants_and_200_projects_and_one_of_them_is_killed() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::postgres().await;
    let (dying, staying) = (site.start("all").await, site.start("all").await);
    let cluster = staying.register("together").await;
    let apis = [dying.api.clone(), staying.api.clone()];
    let run = place::unique();
    let tenant = |nth: usize| format!("t{}-{run}", nth % TENANTS);
    let begun = Instant::now();
    let base = "/clusters/together/tenants";
    let wish = |nth| {
        (
            base.to_owned(),
            json!({"name": tenant(nth), "owners": ["alice"]}),
        )
    };
    all(&apis, (0..TENANTS).map(wish).collect()).await;
    let wish = |nth| {
        (
            format!("{base}/{}/projects", tenant(nth)),
            json!({"name": format!("p{nth}")}),
        )
    };
    all(&apis, (0..PROJECTS).map(wish).collect()).await;
    let asked = begun.elapsed();

    let namespaces = format!(
        "/api/v1/namespaces?labelSelector=kubenova.cluster={},kubenova.project",
        cluster["uid"].as_str().unwrap()
    );
    until("a quarter is there", async || {
        admin.list(&namespaces).await.len() >= PROJECTS / 4
    })
    .await;
    let there = admin.list(&namespaces).await.len();
    dying.kill().await;
    let killed = begun.elapsed();
    assert!(there < PROJECTS, "killed while they converge, not after");

    let mut uids = BTreeMap::new();
    for nth in 0..TENANTS {
        let path = format!("{base}/{}", tenant(nth));
        staying
            .api
            .until(&path, "a tenant converges", PATIENCE, deployed)
            .await;
    }
    for nth in 0..PROJECTS {
        let path = format!("{base}/{}/projects/p{nth}", tenant(nth));
        let (_, seen) = staying
            .api
            .until(&path, "a project converges", PATIENCE, deployed)
            .await;
        uids.insert(seen["namespace"].clone().to_string(), seen["uid"].clone());
    }
    println!(
        "asked for after {asked:?}; killed after {killed:?} with {there} there; all converged after {:?}",
        begun.elapsed()
    );
    exactly_once(&admin.list(&namespaces).await, &uids);
    for nth in 0..TENANTS {
        let path = format!("{base}/{}?cascade=true", tenant(nth));
        let (status, _) = staying
            .api
            .send(Method::DELETE, &path, None, 0)
            .await
            .unwrap();
        assert_eq!(status, 204);
    }
    staying
        .api
        .until(base, "all are gone", PATIENCE, |seen| *seen == json!([]))
        .await;
    println!("all deleted after {:?}", begun.elapsed());
    staying.api.delete("/clusters/together").await;
    staying.stop().await;
}

/// Each project has its one namespace, and no namespace is without a project.
fn exactly_once(namespaces: &[Value], uids: &BTreeMap<String, Value>) {
    assert_eq!((namespaces.len(), uids.len()), (PROJECTS, PROJECTS));
    let mut projects = BTreeSet::new();
    for space in namespaces {
        let metadata = &space["metadata"];
        let uid = &metadata["labels"]["kubenova.io/project-uid"];
        assert_eq!(
            uids.get(&metadata["name"].to_string()),
            Some(uid),
            "{metadata}"
        );
        assert!(projects.insert(uid.to_string()), "{uid} has two namespaces");
    }
}
