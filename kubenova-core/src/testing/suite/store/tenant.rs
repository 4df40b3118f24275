//! Tenants: rows, keys, paths, intent and status.

use super::kit::{
    a_place, insert_cluster, insert_tenant, ok, refused, selector, some, update_tenant, write,
    writes,
};
use crate::change::Write;
use crate::domain::bounds::{Bound, ContainerLimits, NetworkPolicies};
use crate::domain::tenant::{Tenant, TenantAt};
use crate::ports::Store;
use crate::ports::store::{CommitError, Taken, TenantFilter};
use crate::testing::build::{a_cluster, a_status, a_tenant, name, quotas, subject};
use crate::value::{ClusterId, Page, Phase, Ref, TenantId};

const ONE: ClusterId = ClusterId::nth(1);
const TWO: ClusterId = ClusterId::nth(2);

async fn two_clusters(store: &dyn Store) {
    let both = [a_cluster().nth(1).build(), a_cluster().nth(2).build()];
    ok(store.commit(writes(both.iter().map(insert_cluster))).await);
}

async fn at(store: &dyn Store, cluster: Option<Ref>, tenant: Ref) -> Vec<TenantId> {
    let found = ok(store.tenants_at(&TenantAt { cluster, tenant }).await);
    found.into_iter().map(|one| one.id).collect()
}

/// What is written is read back, every field of it.
pub async fn round_trip(store: &dyn Store) {
    two_clusters(store).await;
    let one_gi = std::collections::BTreeMap::from([("memory".to_owned(), "1Gi".to_owned())]);
    let limits = ContainerLimits::parse(&one_gi).unwrap_or_default();
    let full = a_tenant()
        .owners(["bob", "alice", "system:serviceaccount:ci:robot"])
        .label("team", "blue")
        .label("x.example/y", "")
        .annotations([("note", "ein \"Text\" mit ä\nund \\ Zeilen")])
        .bound(Bound::Quotas(quotas(&[
            ("cpu", "1500m"),
            ("namespaces", "3"),
        ])))
        .bound(Bound::Limits(limits))
        .bound(Bound::Network(NetworkPolicies::DefaultDeny))
        .generation(7)
        .deleting(9)
        .deployed(6)
        .build();
    let plain = a_tenant().nth(2).owners([]).build();
    for tenant in [&full, &plain] {
        ok(write(store, insert_tenant(tenant)).await);
        assert_eq!(ok(store.tenant(tenant.id).await).as_ref(), Some(tenant));
    }
    assert_eq!(ok(store.tenant(TenantId::nth(9)).await), None);
}

/// Each part of what bounds a tenant is kept through updates of the others.
pub async fn bounds_are_kept(store: &dyn Store) {
    two_clusters(store).await;
    let items = [serde_json::json!({"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]})];
    let network = NetworkPolicies::parse_items(&items, "items").unwrap_or_default();
    ok(write(store, insert_tenant(&a_tenant().build())).await);
    let mut tenant = a_tenant();
    for (generation, part) in [
        (2, Bound::Network(network)),
        (3, Bound::Quotas(quotas(&[("pods", "7")]))),
        (4, Bound::Network(NetworkPolicies::None)),
    ] {
        tenant = tenant.generation(generation).bound(part);
        let new = tenant.clone().build();
        ok(write(store, update_tenant(&new)).await);
        let found = some(ok(store.tenant(new.id).await));
        assert_eq!(found.bounds, new.bounds);
    }
}

/// A name is taken on its cluster only.
pub async fn names_are_unique_per_cluster(store: &dyn Store) {
    two_clusters(store).await;
    ok(write(store, insert_tenant(&a_tenant().build())).await);
    let again = a_tenant().nth(2).named("acme");
    let refusal = refused(write(store, insert_tenant(&again.clone().build())).await);
    assert!(
        matches!(refusal, CommitError::Taken(Taken::TenantName)),
        "{refusal:?}"
    );
    ok(write(store, insert_tenant(&again.on(TWO).build())).await);
}

/// A path means at most one tenant below a cluster, and perhaps several without one.
pub async fn paths_find_what_they_mean(store: &dyn Store) {
    two_clusters(store).await;
    let here = a_tenant().build();
    let there = a_tenant().nth(2).named("acme").on(TWO).build();
    ok(store
        .commit(writes([insert_tenant(&here), insert_tenant(&there)]))
        .await);
    let acme = || Ref::Name(name("acme"));
    let by_id = |id: TenantId| Ref::Id(id.uuid());
    let cluster = |id: ClusterId| Some(Ref::Id(id.uuid()));
    assert_eq!(at(store, cluster(ONE), acme()).await, [here.id]);
    let by_name = Some(Ref::Name(name("cluster-2")));
    assert_eq!(at(store, by_name, acme()).await, [there.id]);
    assert_eq!(at(store, None, acme()).await, [here.id, there.id]);
    assert_eq!(at(store, None, by_id(there.id)).await, [there.id]);
    assert_eq!(at(store, cluster(TWO), by_id(there.id)).await, [there.id]);
    assert!(
        at(store, cluster(ONE), by_id(there.id)).await.is_empty(),
        "not below that cluster"
    );
    assert!(
        at(store, cluster(ClusterId::nth(9)), acme())
            .await
            .is_empty()
    );
    assert!(
        at(store, Some(Ref::Name(name("absent"))), acme())
            .await
            .is_empty()
    );
    assert!(at(store, None, Ref::Name(name("absent"))).await.is_empty());
    for n in 3..15 {
        let cluster = a_cluster().nth(n).build();
        let tenant = a_tenant().nth(n).named("acme").on(cluster.id).build();
        ok(store
            .commit(writes([insert_cluster(&cluster), insert_tenant(&tenant)]))
            .await);
    }
    assert_eq!(at(store, None, acme()).await.len(), 10, "at most ten");
}

/// Tenants `b`, `c`, `d` on the first cluster and `a` on the second.
async fn all_sorts_of_tenants(store: &dyn Store) {
    two_clusters(store).await;
    let blue = |n| a_tenant().nth(n).label("team", "blue");
    let all = [
        blue(1).named("d").owners(["alice"]).build(),
        blue(2)
            .named("b")
            .owners(["alice", "bob"])
            .label("tier", "1")
            .build(),
        a_tenant()
            .nth(3)
            .named("c")
            .owners(["bob"])
            .label("team", "red")
            .build(),
        blue(4).named("a").owners([]).on(TWO).build(),
    ];
    ok(store.commit(writes(all.iter().map(insert_tenant))).await);
}

async fn names(store: &dyn Store, filter: TenantFilter) -> String {
    let page = ok(store.tenants(filter, Page::first(10)).await);
    page.items.iter().map(|one| one.name.to_string()).collect()
}

/// Lists show what the filter says, in order of names: on one cluster.
pub async fn lists_narrow_and_select(store: &dyn Store) {
    all_sorts_of_tenants(store).await;
    let list = async |filter| names(store, filter).await;
    let one = || TenantFilter {
        cluster: Some(ONE),
        ..TenantFilter::default()
    };
    let owned = |who| TenantFilter {
        owner: Some(subject(who)),
        ..one()
    };
    let selected = |text| TenantFilter {
        selector: selector(text),
        ..one()
    };
    let only = |n| TenantFilter {
        only: Some(TenantId::nth(n)),
        ..one()
    };
    assert_eq!(list(one()).await, "bcd");
    assert_eq!(list(owned("alice")).await, "bd");
    assert_eq!(list(owned("carol")).await, "");
    assert_eq!(list(selected("team=blue")).await, "bd");
    let both = TenantFilter {
        owner: Some(subject("bob")),
        ..selected("team=blue,tier")
    };
    assert_eq!(list(both).await, "b");
    assert_eq!(list(only(3)).await, "c");
    assert_eq!(list(only(4)).await, "", "on another cluster");
}

/// The same over all clusters.
pub async fn lists_span_clusters(store: &dyn Store) {
    all_sorts_of_tenants(store).await;
    let all = TenantFilter::default;
    assert_eq!(names(store, all()).await, "abcd");
    let owned = TenantFilter {
        owner: Some(subject("bob")),
        ..all()
    };
    assert_eq!(names(store, owned).await, "bc");
    let selected = TenantFilter {
        selector: selector("team=blue"),
        ..all()
    };
    assert_eq!(names(store, selected).await, "abd");
}

/// An update never touches status, a report never touches intent; names and places never change.
pub async fn intent_and_status_have_different_writers(store: &dyn Store) {
    let (_, old, _) = a_place(store).await;
    let report = a_status(1, Phase::Deployed);
    ok(write(store, Write::TenantStatus(old.id, report.clone())).await);
    let new = a_tenant()
        .owners(["bob"])
        .label("a", "b")
        .annotations([("c", "d")])
        .deleting(3)
        .generation(2);
    let wrong = Tenant {
        name: name("other"),
        ..new.clone().build()
    };
    ok(write(store, update_tenant(&wrong)).await);
    let expected = Tenant {
        status: report,
        ..new.build()
    };
    assert_eq!(some(ok(store.tenant(old.id).await)), expected);
    ok(write(
        store,
        Write::TenantStatus(old.id, a_status(0, Phase::Error)),
    )
    .await);
    assert_eq!(
        some(ok(store.tenant(old.id).await)),
        expected,
        "reports never go back"
    );
}

/// Lists by owner and label follow an update.
pub async fn owners_follow_updates(store: &dyn Store) {
    a_place(store).await;
    let new = a_tenant()
        .owners(["bob"])
        .label("team", "red")
        .generation(2)
        .build();
    ok(write(store, update_tenant(&new)).await);
    let count = async |owner: Option<&str>, labels: &str| {
        let filter = TenantFilter {
            cluster: Some(ONE),
            only: None,
            owner: owner.map(subject),
            selector: selector(labels),
        };
        ok(store.tenants(filter, Page::first(10)).await).items.len()
    };
    assert_eq!(count(Some("alice"), "").await, 0);
    assert_eq!(count(Some("bob"), "").await, 1);
    assert_eq!(count(None, "team=red").await, 1);
    let newer = a_tenant()
        .owners([])
        .label("team", "blue")
        .generation(3)
        .build();
    ok(write(store, update_tenant(&newer)).await);
    assert_eq!(count(Some("bob"), "").await, 0);
    assert_eq!(count(None, "team=red").await, 0);
    assert_eq!(count(None, "team=blue").await, 1);
}
