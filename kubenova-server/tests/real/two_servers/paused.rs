//! A server that stands still past its leases and then goes on: another has done what it held, and it changes nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, condition, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::{Server, Site};

const BASE: &str = "/clusters/paused/tenants";
const PROJECTS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(120);
/// What takes over must be at work within this (attacks.md, G22).
const TAKEOVER: Duration = Duration::from_secs(5);

const HELD: &str = "select count(*) from work where lease_until > now()";
const REMEMBER: &str =
    "create table held as select kind, id, lease from work where lease_until > now()";
const STILL_HELD: &str = "select count(*) from work join held using (kind, id, lease)";

/// Stops it at a moment at which it works on several items; how many it holds.
async fn pause_at_work(server: &Server, database: &str) -> i64 {
    let begun = Instant::now();
    loop {
        server.pause();
        let held = place::count(database, HELD).await;
        if held >= 4 {
            return held;
        }
        assert!(begun.elapsed() < PATIENCE, "it never holds so many");
        server.resume();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Of each namespace: uid, labels, and what our manager applied when.
async fn applied(admin: &Eyes, namespaces: &str) -> BTreeMap<String, Value> {
    let all = admin.list(namespaces).await;
    let ours = |space: &Value| {
        let metadata = &space["metadata"];
        let managers = metadata["managedFields"].as_array().cloned();
        let mut ours = managers.unwrap_or_default();
        ours.retain(|one| one["manager"] == "kubenova");
        json!([metadata["uid"], metadata["labels"], ours])
    };
    let name = |space: &Value| space["metadata"]["name"].to_string();
    all.iter().map(|one| (name(one), ours(one))).collect()
}

/// A tenant, and once it is there its projects, 16 at a time.
async fn ask(api: &Api, tenant: &str) {
    let (base, name) = tenant.rsplit_once('/').unwrap();
    let body = json!({"name": name, "owners": ["alice"]});
    api.post(base, body).await;
    api.until(tenant, "a tenant", PATIENCE, deployed).await;
    let projects = format!("{tenant}/projects");
    let create = async |nth| {
        let body = json!({"name": format!("p{nth}"), "labels": {"team": "old"}});
        let answer = api.send(Method::POST, &projects, Some(&body), 0).await;
        assert_eq!(answer.unwrap().0, 200);
    };
    let created = futures::stream::iter(0..PROJECTS).map(create);
    created.buffer_unordered(16).collect::<()>().await;
}

/// It goes on where it stood, gives its turns up and works on, and nothing of what the other wrote changed.
async fn goes_on(sleeping: &Server, projects: &str, admin: &Eyes, namespaces: &str) {
    let before = applied(admin, namespaces).await;
    assert_eq!(before.len(), PROJECTS);
    assert!(before.values().all(|seen| seen[1]["team"] == "new"));
    sleeping.resume();
    until("it gives its turns up", async || {
        sleeping.log().contains("The lease ran out")
    })
    .await;
    // It works on: after this project, whoever made it, nothing of the old turns is left.
    let body = json!({"name": "after", "labels": {"team": "new"}});
    sleeping.api.post(projects, body).await;
    let path = format!("{projects}/after");
    let ready = sleeping.api.until(&path, "a new one", PATIENCE, deployed);
    ready.await;
    converged(&sleeping.api, projects).await;
    let mut after = applied(admin, namespaces).await;
    after.retain(|name, _| before.contains_key(name));
    assert_eq!(after, before, "nothing was applied a second time");
}

/// Waits until all projects equal their newest intent; none may have been repaired, for nobody foreign was there.
async fn converged(api: &Api, projects: &str) {
    for nth in 0..PROJECTS {
        let path = format!("{projects}/p{nth}");
        let (_, seen) = api
            .until(&path, "a project converges", PATIENCE, deployed)
            .await;
        let repaired = condition(&seen, "DriftRepaired");
        assert!(repaired.is_null(), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_19_a_server_stopped_past_its_leases_goes_on_and_changes_nothing() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::postgres().await;
    let sleeping = site.start("all").await;
    let cluster = sleeping.register("paused").await;
    let tenant = format!("{BASE}/z-{}", place::unique());
    let projects = format!("{tenant}/projects");
    ask(&sleeping.api, &tenant).await;
    let held = pause_at_work(&sleeping, site.database()).await;
    let paused = Instant::now();
    place::run(site.database(), REMEMBER).await;

    let awake = site.start("all").await;
    until("what it held is another's", async || {
        place::count(site.database(), STILL_HELD).await == 0
    })
    .await;
    let takeover = paused.elapsed();
    println!("held when stopped: {held}; taken over after {takeover:?}");
    assert!(takeover <= TAKEOVER, "{takeover:?}");
    converged(&awake.api, &projects).await;
    for nth in 0..PROJECTS {
        let path = format!("{projects}/p{nth}");
        awake
            .api
            .put(&path, json!({"labels": {"team": "new"}}))
            .await;
    }
    converged(&awake.api, &projects).await;
    let namespaces = format!(
        "/api/v1/namespaces?labelSelector=kubenova.cluster={},kubenova.project",
        cluster["uid"].as_str().unwrap()
    );
    goes_on(&sleeping, &projects, &admin, &namespaces).await;

    let gone = format!("{tenant}?cascade=true");
    awake.api.delete(&gone).await;
    sleeping.stop().await;
    awake.stop().await;
    admin.sweep().await;
}
