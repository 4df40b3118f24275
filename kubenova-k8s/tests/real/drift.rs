//! Foreign changes are told by the watch; our own are not.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::BoxStream;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterProbe, ClusterState, Presence, Signal, Step,
};
use kubenova_core::value::{Subject, SubjectKind};

use crate::kit::{admin, cluster, remove, settled};

/// The next signal about this item; others share the cluster.
async fn next(
    signals: &mut BoxStream<'static, Signal>,
    wanted: &Signal,
    start: Instant,
) -> Option<Duration> {
    let found = async {
        while let Some(signal) = signals.next().await {
            if signal == *wanted {
                return true;
            }
        }
        false
    };
    let found = tokio::time::timeout(Duration::from_secs(5), found).await;
    found.unwrap_or(false).then(|| start.elapsed())
}

#[tokio::test]
async fn a_foreign_change_is_told_and_repaired_and_ours_is_not_told() {
    let on = cluster("kubenova");
    let (tenant, project) = settled(&on, "drift").await;
    let who = BindingSubject {
        kind: SubjectKind::User,
        subject: Subject::parse("dev").unwrap(),
    };
    let bind = Step::ApplyBinding(project.clone(), ProjectRole::ProjectDev, [who].into());
    let mut signals = on.watch(tenant.cluster);
    let ours = Signal::Changed(Work::Project(project.id));
    // The first lists are read while the stream is polled.
    let quiet = next(&mut signals, &ours, Instant::now()).await;
    assert_eq!(quiet, None, "what was there at the start is no news");
    on.apply(&bind).await.unwrap();
    assert_eq!(
        next(&mut signals, &ours, Instant::now()).await,
        None,
        "our own write is no news"
    );

    let bindings: Api<RoleBinding> = Api::namespaced(admin(), project.namespace.as_str());
    let start = Instant::now();
    bindings
        .delete("kubenova:projectDev", &DeleteParams::default())
        .await
        .unwrap();
    let told = next(&mut signals, &ours, start)
        .await
        .expect("the deletion is told");
    assert!(
        on.observe_project(&project)
            .await
            .unwrap()
            .bindings
            .is_empty()
    );
    on.apply(&bind).await.unwrap();

    let namespaces: Api<Namespace> = Api::all(admin());
    let gone = json!({"metadata": {"labels": {"team": null, "kubenova.io/project-uid": null}}});
    let params = PatchParams::default();
    let start = Instant::now();
    namespaces
        .patch(project.namespace.as_str(), &params, &Patch::Merge(gone))
        .await
        .unwrap();
    let label = next(&mut signals, &ours, start)
        .await
        .expect("the removed label is told");
    assert_eq!(
        on.observe_project(&project).await.unwrap().namespace,
        Presence::Differs
    );
    on.apply(&Step::ApplyNamespace(project.clone()))
        .await
        .unwrap();
    assert_eq!(
        on.observe_project(&project).await.unwrap().namespace,
        Presence::Current
    );
    println!("told: binding {told:?}, label {label:?}");
    remove(&on, &tenant, &project).await;
}
