//! Clusters: rows, keys, intent and status.

use super::kit::{insert_cluster, ok, refused, selector, some, write, writes};
use crate::change::Write;
use crate::domain::cluster::{Cluster, Part, ProxyKind};
use crate::ports::Store;
use crate::ports::store::{ClusterFilter, CommitError, Taken};
use crate::testing::build::{a_cluster, a_status, labels, name};
use crate::value::{ClusterId, Generation, Page, Phase, Ref};

async fn read(store: &dyn Store, id: ClusterId) -> Cluster {
    some(ok(store.cluster(&Ref::Id(id.uuid())).await))
}

/// What is written is read back, every field of it.
pub async fn round_trip(store: &dyn Store) {
    let plain = a_cluster().build();
    let full = a_cluster()
        .nth(2)
        .label("env", "prod")
        .label("team", "")
        .proxied("https://proxy.example:9001")
        .part(Part::Tenancy)
        .part(Part::Proxy)
        .deleting(7, true)
        .status(a_status(3, Phase::Error))
        .build();
    for cluster in [&plain, &full] {
        ok(write(store, insert_cluster(cluster)).await);
        assert_eq!(&read(store, cluster.id).await, cluster);
        let by_name = ok(store.cluster(&Ref::Name(cluster.name.clone())).await);
        assert_eq!(by_name.as_ref(), Some(cluster));
        let kubeconfig = some(ok(store.credential(cluster.id).await));
        let expected = format!("kubeconfig of {}", cluster.name);
        assert_eq!(kubeconfig.expose_str(), Some(expected.as_str()));
    }
    let mut ids = ok(store.cluster_ids().await);
    ids.sort_unstable();
    assert_eq!(ids, [plain.id, full.id]);
    assert_eq!(ok(store.cluster(&Ref::Name(name("absent"))).await), None);
    assert!(ok(store.credential(ClusterId::nth(9)).await).is_none());
}

/// Neither a name nor a `kube-system` UID is registered twice.
pub async fn unique_keys(store: &dyn Store) {
    ok(write(store, insert_cluster(&a_cluster().build())).await);
    let same_name = a_cluster().nth(2).named("prod").build();
    let refusal = refused(write(store, insert_cluster(&same_name)).await);
    assert!(
        matches!(refusal, CommitError::Taken(Taken::ClusterName)),
        "{refusal:?}"
    );
    let same_cluster = a_cluster().nth(2).identity("identity-1").build();
    let refusal = refused(write(store, insert_cluster(&same_cluster)).await);
    assert!(
        matches!(refusal, CommitError::Taken(Taken::ClusterIdentity)),
        "{refusal:?}"
    );
    ok(write(store, insert_cluster(&a_cluster().nth(2).build())).await);
}

/// An update never touches status, a report never touches intent.
pub async fn intent_and_status_have_different_writers(store: &dyn Store) {
    let old = a_cluster().build();
    ok(write(store, insert_cluster(&old)).await);
    let report = a_status(1, Phase::Deployed);
    let version = "v1.34.1".to_owned();
    ok(write(
        store,
        Write::ClusterStatus(old.id, report.clone(), version.clone()),
    )
    .await);
    let new = Cluster {
        display_name: "Production".to_owned(),
        labels: labels([("env", "prod")]),
        generation: Generation::new(2),
        ..a_cluster()
            .proxied("https://p")
            .part(Part::Proxy)
            .deleting(5, false)
            .build()
    };
    ok(write(store, Write::UpdateCluster(Box::new(new.clone()))).await);
    let expected = Cluster {
        status: report,
        kubernetes_version: version,
        ..new
    };
    let found = read(store, old.id).await;
    assert_eq!(found, expected);
    assert_eq!(
        found.proxy.as_ref().map(|proxy| proxy.kind),
        Some(ProxyKind::CapsuleProxy)
    );
}

/// A report about an older generation than the last one changes nothing, nor does one about a row that is gone.
pub async fn reports_never_go_back(store: &dyn Store) {
    let cluster = a_cluster().build();
    ok(write(store, insert_cluster(&cluster)).await);
    let late = a_status(1, Phase::Error);
    let newest = a_status(2, Phase::Deployed);
    for report in [&newest, &late] {
        let report = Write::ClusterStatus(cluster.id, report.clone(), "v1".to_owned());
        ok(write(store, report).await);
    }
    assert_eq!(read(store, cluster.id).await.status, newest);
    let gone = Write::ClusterStatus(ClusterId::nth(9), late, "v1".to_owned());
    ok(write(store, gone).await);
}

/// Lists show what the filter says, in order of names.
pub async fn lists_narrow_and_select(store: &dyn Store) {
    let all = [
        a_cluster()
            .nth(1)
            .named("beta")
            .label("env", "prod")
            .build(),
        a_cluster()
            .nth(2)
            .named("alpha")
            .label("env", "prod")
            .build(),
        a_cluster().nth(3).named("gamma").build(),
    ];
    ok(store.commit(writes(all.iter().map(insert_cluster))).await);
    let names = async |filter: ClusterFilter| {
        let page = ok(store.clusters(filter, Page::first(10)).await);
        let names = page
            .items
            .into_iter()
            .map(|one| one.name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names(ClusterFilter::default()).await,
        ["alpha", "beta", "gamma"]
    );
    let prod = ClusterFilter {
        selector: selector("env=prod"),
        only: None,
    };
    assert_eq!(names(prod).await, ["alpha", "beta"]);
    let only = ClusterFilter {
        only: Some(all[0].id),
        ..ClusterFilter::default()
    };
    assert_eq!(names(only).await, ["beta"]);
    let neither = ClusterFilter {
        only: Some(all[0].id),
        selector: selector("!env"),
    };
    assert!(names(neither).await.is_empty());
}
