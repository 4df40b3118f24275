//! Capsule or the API server away for a while: told by its name, and nothing missed afterwards.
//! A program of its own, because every other test of the cluster would notice.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

#[path = "../real/kit.rs"]
#[expect(dead_code, reason = "the tests of program `real` use the rest")]
mod kit;

use std::process::Command;
use std::time::{Duration, Instant};

use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::DeleteParams;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterError, ClusterProbe, ClusterState, Presence, Signal, Step,
};
use kubenova_core::value::{Subject, SubjectKind};

use kit::{ALONE, Told, admin, cluster, project, remove, settled, until, variable};

/// A part of the test cluster that is stopped until this is dropped.
struct Stopped(&'static str);

fn xtask(verb: &str, part: &str) {
    let dir = variable("KUBENOVA_TEST_CLUSTER");
    // <target>/cluster/<name>
    let (target, name) = dir.rsplit_once("/cluster/").unwrap();
    let mut xtask = Command::new(variable("KUBENOVA_TEST_XTASK"));
    let status = xtask
        .args(["cluster", verb, name, part])
        .env("CARGO_TARGET_DIR", target)
        .status()
        .unwrap();
    assert!(status.success(), "{verb} {part}");
}

impl Stopped {
    fn stop(part: &'static str) -> Self {
        xtask("stop-part", part);
        Self(part)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        xtask("start-part", self.0);
    }
}

#[tokio::test]
async fn capsule_away_is_told_by_its_name_and_heals() {
    let _alone = ALONE.write().await;
    let on = cluster("kubenova");
    let (tenant, settled) = settled(&on, "away").await;
    let second = project(&tenant, "second");
    let stopped = Stopped::stop("capsule");
    let refused = on.apply(&Step::ApplyNamespace(second.clone())).await;
    assert_eq!(refused, Err(ClusterError::WebhookDown));
    let report = on.tenancy(true).await.unwrap();
    assert_eq!((report.ready, report.reason), (false, "WebhookDown"));
    drop(stopped);
    let healed = until("Capsule answers again", || async {
        on.apply(&Step::ApplyNamespace(second.clone()))
            .await
            .is_ok()
    })
    .await;
    let seen = on.observe_project(&second).await.unwrap();
    assert_eq!(seen.namespace, Presence::Current);
    assert!(on.tenancy(false).await.unwrap().ready);
    println!("Capsule back: a namespace after {healed:?}");
    on.apply(&Step::DeleteNamespace(second.id, second.namespace.clone()))
        .await
        .unwrap();
    remove(&on, &tenant, &settled).await;
}

#[tokio::test]
async fn a_watch_outlives_the_api_server() {
    let _alone = ALONE.write().await;
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "outlive").await;
    let who = BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse("dev").unwrap(),
    };
    let bind = Step::ApplyBinding(project.clone(), ProjectRole::ReadOnly, [who].into());
    on.apply(&bind).await.unwrap();
    let mut told = Told::start(&on, tenant.cluster).await;
    let stopped = Stopped::stop("kube-apiserver");
    let away = on.observe_project(&project).await;
    assert_eq!(away, Err(ClusterError::Unreachable));
    told.read_for(Duration::from_secs(2)).await;
    drop(stopped);
    until("the API server answers", || async {
        on.observe_project(&project).await.is_ok()
    })
    .await;
    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    until("the binding is deleted", || async {
        let params = DeleteParams::default();
        bindings.delete("kubenova:readOnly", &params).await.is_ok()
    })
    .await;
    let about = [Signal::Changed(Work::Project(project.id)), Signal::Resync];
    let start = Instant::now();
    while !told
        .read_for(Duration::from_millis(50))
        .await
        .iter()
        .any(|signal| about.contains(signal))
    {
        assert!(start.elapsed() < Duration::from_secs(40), "told by nothing");
    }
    println!("API server back: told after {:?}", start.elapsed());
    until("Capsule answers again", || async {
        on.tenancy(false).await.is_ok_and(|report| report.ready)
    })
    .await;
    remove(&on, &tenant, &project).await;
}
