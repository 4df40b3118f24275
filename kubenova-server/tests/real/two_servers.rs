//! Two servers on one Postgres share the work, and one outlives the other.

mod paused;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::Site;

const BASE: &str = "/clusters/together/tenants";
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

/// What is asked for: names that no other run has.
struct Wishes {
    run: String,
}

impl Wishes {
    fn tenant(&self, nth: usize) -> String {
        format!("t{}-{}", nth % TENANTS, self.run)
    }

    fn projects(&self, nth: usize) -> String {
        format!("{BASE}/{}/projects", self.tenant(nth))
    }

    /// Asks both servers, 16 at a time: all tenants, then all projects.
    async fn ask(&self, apis: &[Api; 2]) {
        let tenant = |nth| json!({"name": self.tenant(nth), "owners": ["alice"]});
        let tenants = (0..TENANTS).map(|nth| (nth, BASE.to_owned(), tenant(nth)));
        let project = |nth| json!({"name": format!("p{nth}")});
        let projects = (0..PROJECTS).map(|nth| (nth, self.projects(nth), project(nth)));
        for wishes in [tenants.collect::<Vec<_>>(), projects.collect()] {
            let asked = futures::stream::iter(wishes).map(async |(nth, path, body)| {
                surely(apis, nth, &path, &body).await;
            });
            asked.buffer_unordered(16).collect::<()>().await;
        }
    }

    /// Waits until all are deployed; namespace and uid of each project, as the API tells them.
    async fn converged(&self, api: &Api) -> BTreeMap<String, Value> {
        let mut uids = BTreeMap::new();
        for nth in 0..TENANTS {
            let path = format!("{BASE}/{}", self.tenant(nth));
            api.until(&path, "a tenant converges", PATIENCE, deployed)
                .await;
        }
        for nth in 0..PROJECTS {
            let path = format!("{}/p{nth}", self.projects(nth));
            let (_, seen) = api
                .until(&path, "a project converges", PATIENCE, deployed)
                .await;
            uids.insert(seen["namespace"].to_string(), seen["uid"].clone());
        }
        uids
    }

    async fn delete(&self, api: &Api) {
        for nth in 0..TENANTS {
            let path = format!("{BASE}/{}?cascade=true", self.tenant(nth));
            let answer = api.send(Method::DELETE, &path, None, 0).await;
            assert_eq!(answer.unwrap().0, 204);
        }
    }
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
    let begun = Instant::now();
    let all = Wishes {
        run: place::unique(),
    };
    all.ask(&apis).await;
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

    // Its leases (8, the share of one cluster) run out after four seconds; nothing else may wait for that.
    let held_back = until("the others converge", async || {
        admin.list(&namespaces).await.len() + 8 >= PROJECTS
    })
    .await;
    let uids = all.converged(&staying.api).await;
    println!(
        "{held_back:?} until all but what the dead one held; asked for after {asked:?}; killed after {killed:?} with {there} there; all converged after {:?}",
        begun.elapsed()
    );
    exactly_once(&admin.list(&namespaces).await, &uids);
    all.delete(&staying.api).await;
    // Kubernetes itself removes about one namespace a second here: the tour proves the end, this test does not wait.
    staying.stop().await;
    admin.sweep().await;
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
