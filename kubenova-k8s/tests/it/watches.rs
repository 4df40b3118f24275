//! Watches through gaps and refusals, and their silence about what we wrote ourselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::json;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::Work;
use kubenova_core::ports::cluster::{ClusterProbe, ClusterState, Signal, Step};
use kubenova_core::value::ClusterId;
use kubenova_k8s::tenancy::KubeCluster;

use crate::fake::{Fake, refusal};
use crate::intent::{BINDINGS, NAMESPACE, TENANT, project, tenant};

/// How many kinds are watched.
const KINDS: usize = 8;

struct Told(BoxStream<'static, Signal>);

impl Told {
    /// Until so many watches stand. The stream works only while it is polled.
    async fn start(fake: &Fake, on: &KubeCluster, standing: usize) -> Self {
        let mut told = Self(on.watch(ClusterId::nth(1)));
        let stands = || {
            let calls = fake.calls();
            calls.iter().filter(|call| call.ends_with(" watch")).count() >= standing
        };
        while !stands() {
            let early = tokio::time::timeout(Duration::from_millis(5), told.0.next()).await;
            assert!(early.is_err(), "the first lists are no news: {early:?}");
        }
        told
    }

    /// Reads what has arrived, which must be nothing to tell.
    async fn quiet(&mut self) {
        let told = tokio::time::timeout(Duration::from_millis(100), self.0.next()).await;
        assert!(told.is_err(), "{told:?}");
    }

    async fn next(&mut self) -> Signal {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
        next.expect("told in time").expect("a watch never ends")
    }
}

const fn about_project() -> Signal {
    Signal::Changed(Work::Project(kubenova_core::value::ProjectId::nth(3)))
}

#[tokio::test]
async fn foreign_changes_are_told_and_our_own_are_not() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyNamespace(project())).await.unwrap();
    let mut told = Told::start(&fake, &on, KINDS).await;
    let bind = Step::ApplyBinding(project(), ProjectRole::ReadOnly, [].into());
    on.apply(&bind).await.unwrap();
    told.quiet().await;
    fake.remove(&format!("{BINDINGS}/kubenova:readOnly"));
    assert_eq!(told.next().await, about_project());
    on.apply(&bind).await.unwrap();
    told.quiet().await;
    on.apply(&Step::DeleteBinding(
        project().id,
        project().namespace,
        ProjectRole::ReadOnly,
    ))
    .await
    .unwrap();
    let mut there = fake.get(NAMESPACE).unwrap();
    there["status"] = json!({"phase": "Active"});
    fake.put(NAMESPACE, there.clone());
    told.quiet().await;
    there["metadata"]["labels"]["kubenova.tenant"] = json!("forged");
    fake.put(NAMESPACE, there);
    assert_eq!(told.next().await, about_project());
    fake.put(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/kubenova:tenant-owner",
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "kubenova:tenant-owner", "labels": {"app.kubernetes.io/managed-by": "kubenova"}}, "rules": []}),
    );
    assert_eq!(told.next().await, Signal::Platform);
}

/// How an API server says that it does not keep old versions for so long.
fn too_old() -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version"});
    format!("{}\n", json!({"type": "ERROR", "object": status})).into_response()
}

#[tokio::test]
async fn after_a_gap_everything_is_looked_at() {
    let fake = Fake::new();
    let on = fake.cluster("");
    let expired = AtomicUsize::new(0);
    fake.fault(move |call| {
        let first =
            call.ends_with("rolebindings watch") && expired.fetch_add(1, Ordering::SeqCst) == 0;
        first.then(too_old)
    });
    let mut signals = on.watch(ClusterId::nth(1));
    let told = tokio::time::timeout(Duration::from_secs(10), signals.next()).await;
    assert_eq!(told.unwrap(), Some(Signal::Resync));
}

#[tokio::test]
async fn a_kind_that_is_not_served_yet_silences_no_other_and_is_caught_up_once() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyNamespace(project())).await.unwrap();
    let lists = AtomicUsize::new(0);
    fake.fault(move |call| {
        let refused = call.ends_with("/tenants") && lists.fetch_add(1, Ordering::SeqCst) < 2;
        refused.then(|| refusal(404, "the server could not find the requested resource"))
    });
    let mut told = Told::start(&fake, &on, KINDS - 1).await;
    fake.remove(NAMESPACE);
    assert_eq!(told.next().await, about_project());
    assert_eq!(
        told.next().await,
        Signal::Resync,
        "two refusals, one Resync"
    );
    fake.put(NAMESPACE, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "acme-web", "labels": {"app.kubernetes.io/managed-by": "kubenova", "kubenova.io/project-uid": project().id.to_string()}}}));
    assert_eq!(told.next().await, about_project());
}

#[tokio::test]
async fn whatever_of_a_tenant_is_held_is_watched() {
    let fake = Fake::new();
    let on = fake.cluster("");
    on.apply(&Step::ApplyTenant(tenant())).await.unwrap();
    let mut told = Told::start(&fake, &on, KINDS).await;
    let ours = fake.get(TENANT).unwrap();
    let about = Signal::Changed(Work::Tenant(tenant().id));
    for (path, foreign) in [
        ("/spec/owners", json!([{"kind": "User", "name": "eve"}])),
        (
            "/spec/additionalRoleBindings",
            json!([{"clusterRoleName": "admin", "subjects": []}]),
        ),
        ("/spec/serviceOptions/allowedServices/nodePort", json!(true)),
        (
            "/spec/serviceOptions/externalIPs/allowed",
            json!(["0.0.0.0/0"]),
        ),
    ] {
        let mut changed = ours.clone();
        *changed.pointer_mut(path).expect(path) = foreign;
        fake.put(TENANT, changed);
        assert_eq!(told.next().await, about, "{path}");
        fake.put(TENANT, ours.clone());
        assert_eq!(told.next().await, about, "back again: {path}");
    }
    let mut more = ours.clone();
    more["status"] = json!({"state": "Active"});
    more["spec"]["preventDeletion"] = json!(false);
    fake.put(TENANT, more);
    told.quiet().await;
}
