//! Change sets: all or nothing, preconditions, and writes that outlive their callers.

use futures::FutureExt as _;
use futures::future::join_all;

use super::kit::{
    a_place, ask, claim, claim_and_lose, claim_one, fail, insert_cluster, insert_grant,
    insert_project, insert_tenant, ok, refused, require, some, update_tenant, write, writes,
};
use crate::change::{ChangeSet, Require, Work, Write};
use crate::error::Noun;
use crate::ports::Store;
use crate::ports::store::{CommitError, TenantFilter};
use crate::testing::build::{a_change, a_cluster, a_grant, a_project, a_status, a_tenant};
use crate::value::{ClusterId, Page, Phase, ProjectId, Ref, TenantId};

/// What was written before the write that is refused is not there, nor is the work.
pub async fn all_or_nothing(store: &dyn Store) {
    let (cluster, old, _) = a_place(store).await;
    let new = a_tenant().nth(2).build();
    let changes = a_change("two")
        .write(insert_tenant(&new))
        .write(Write::TenantStatus(old.id, a_status(1, Phase::Deployed)))
        .write(insert_grant(&a_grant().build()))
        .write(update_tenant(&a_tenant().generation(9).build()))
        .ask(Work::Tenant(new.id), cluster.id);
    let refusal = refused(store.commit(changes).await);
    assert!(matches!(refusal, CommitError::Stale), "{refusal:?}");
    assert_eq!(ok(store.tenant(new.id).await), None);
    assert_eq!(ok(store.tenant(old.id).await), Some(old));
    assert_eq!(ok(store.grant(a_grant().build().id).await), None);
    assert!(claim(store, 1, 10).await.is_empty());
    ok(write(store, insert_tenant(&new)).await);
}

/// An update of another version, or of nothing, is refused.
pub async fn updates_name_their_version(store: &dyn Store) {
    a_place(store).await;
    let missing = [
        update_tenant(&a_tenant().generation(1).build()),
        update_tenant(&a_tenant().generation(3).build()),
        update_tenant(&a_tenant().nth(9).generation(2).build()),
        Write::UpdateCluster(Box::new(a_cluster().build())),
        Write::UpdateCluster(Box::new(a_cluster().nth(9).build())),
        Write::UpdateProject(Box::new(a_project().build())),
        Write::UpdateProject(Box::new(a_project().nth(9).generation(2).build())),
    ];
    for update in missing {
        let shown = format!("{update:?}");
        let refusal = refused(write(store, update).await);
        assert!(
            matches!(refusal, CommitError::Stale),
            "{shown}: {refusal:?}"
        );
    }
    ok(write(store, update_tenant(&a_tenant().generation(2).build())).await);
    ok(write(store, update_tenant(&a_tenant().generation(3).build())).await);
}

/// Nothing new comes to a parent that is absent or on its way out.
pub async fn closed_parents_refuse(store: &dyn Store) {
    a_place(store).await;
    let open = [
        Require::ClusterAccepts(ClusterId::nth(1)),
        Require::TenantAccepts(TenantId::nth(1)),
        Require::ProjectAccepts(ProjectId::nth(1)),
    ];
    for one in &open {
        ok(require(store, one.clone()).await);
    }
    let absent = [
        (Require::ClusterAccepts(ClusterId::nth(9)), Noun::Cluster),
        (Require::TenantAccepts(TenantId::nth(9)), Noun::Tenant),
        (Require::ProjectAccepts(ProjectId::nth(9)), Noun::Project),
    ];
    for (one, noun) in absent {
        let refusal = refused(require(store, one).await);
        assert!(
            matches!(refusal, CommitError::Closed(n) if n == noun),
            "{refusal:?}"
        );
    }
    let mut closing = a_cluster().deleting(1, false).build();
    closing.generation = closing.generation.next();
    let marks = [
        Write::UpdateCluster(Box::new(closing)),
        update_tenant(&a_tenant().deleting(1).generation(2).build()),
        Write::UpdateProject(Box::new(a_project().deleting(1).generation(2).build())),
    ];
    ok(store.commit(writes(marks)).await);
    for (one, noun) in open
        .into_iter()
        .zip([Noun::Cluster, Noun::Tenant, Noun::Project])
    {
        let refusal = refused(require(store, one).await);
        assert!(
            matches!(refusal, CommitError::Closed(n) if n == noun),
            "{refusal:?}"
        );
    }
    let tenant = a_tenant().nth(9).on(ClusterId::nth(9)).build();
    let refusal = refused(write(store, insert_tenant(&tenant)).await);
    assert!(
        matches!(refusal, CommitError::Closed(Noun::Cluster)),
        "{refusal:?}"
    );
    let project = a_project().nth(9).of(&tenant).build();
    let refusal = refused(write(store, insert_project(&project)).await);
    assert!(
        matches!(refusal, CommitError::Closed(Noun::Tenant)),
        "{refusal:?}"
    );
}

/// What must be empty and is not refuses.
pub async fn children_are_in_the_way(store: &dyn Store) {
    let (cluster, tenant, project) = a_place(store).await;
    let refusal = refused(require(store, Require::NoTenants(cluster.id)).await);
    assert!(
        matches!(refusal, CommitError::NotEmpty(Noun::Cluster)),
        "{refusal:?}"
    );
    let refusal = refused(require(store, Require::NoProjects(tenant.id)).await);
    assert!(
        matches!(refusal, CommitError::NotEmpty(Noun::Tenant)),
        "{refusal:?}"
    );
    let now = project.created_at;
    ok(write(store, Write::PurgeProject(project.id, now)).await);
    ok(require(store, Require::NoProjects(tenant.id)).await);
    ok(write(store, Write::PurgeTenant(tenant.id, now)).await);
    ok(require(store, Require::NoTenants(cluster.id)).await);
    ok(require(store, Require::NoTenants(ClusterId::nth(9))).await);
}

/// A worker whose turn is over writes nothing any more; a request that came meanwhile does not end his turn.
pub async fn a_lost_lease_refuses(store: &dyn Store) {
    let (cluster, tenant, _) = a_place(store).await;
    let item = Work::Tenant(tenant.id);
    let report = |n| Write::TenantStatus(tenant.id, a_status(n, Phase::Deployed));
    ask(store, item).await;
    let lost = claim_and_lose(store, 1).await;
    let held = claim_one(store, 2).await;
    let changes = ChangeSet::new()
        .require(Require::Holds(lost))
        .write(report(1));
    let refusal = refused(store.commit(changes.ask(item, cluster.id)).await);
    assert!(matches!(refusal, CommitError::LeaseLost), "{refusal:?}");
    assert_eq!(
        some(ok(store.tenant(tenant.id).await)).status,
        tenant.status
    );
    ask(store, item).await;
    let changes = ChangeSet::new()
        .require(Require::Holds(held))
        .write(report(1));
    ok(store.commit(changes).await);
    ok(store.finish(held, crate::ports::store::Finish::Done).await);
    let refusal = refused(require(store, Require::Holds(held)).await);
    assert!(matches!(refusal, CommitError::LeaseLost), "{refusal:?}");
}

/// Fifty at once, one of them bad in each of several ways: only that one fails, and with its own reason.
pub async fn one_bad_among_many_fails_alone(store: &dyn Store) {
    let (cluster, ..) = a_place(store).await;
    let (absent, new) = (a_cluster().nth(9).build(), a_tenant().nth(900));
    let bad = [
        writes([insert_tenant(&new.clone().named("acme").build())]),
        writes([update_tenant(&a_tenant().generation(7).build())]),
        writes([insert_tenant(&new.clone().build())]).require(Require::ClusterAccepts(absent.id)),
        writes([insert_tenant(&new.build())]).require(Require::NoTenants(cluster.id)),
    ];
    for (round, bad) in (1..).zip(bad) {
        let mut sets: Vec<ChangeSet> = (0..49)
            .map(|n| {
                let tenant = a_tenant().nth(round * 100 + n).build();
                let changes = a_change("good").require(Require::ClusterAccepts(cluster.id));
                changes
                    .write(insert_tenant(&tenant))
                    .ask(Work::Tenant(tenant.id), cluster.id)
            })
            .collect();
        sets.insert(25, bad);
        let done = join_all(sets.into_iter().map(|changes| store.commit(changes))).await;
        for (n, outcome) in done.into_iter().enumerate() {
            match (n, outcome) {
                (25, Ok(())) => fail("committed what must be refused"),
                (25, Err(CommitError::Store(err))) => fail(&format!("an inexact refusal: {err}")),
                (25, Err(_)) => {}
                (_, outcome) => ok(outcome),
            }
        }
        for n in 0..49 {
            some(ok(store.tenant(TenantId::nth(round * 100 + n)).await));
        }
        assert_eq!(claim(store, round, 200).await.len(), 49, "the work of each");
        assert_eq!(ok(store.tenant(TenantId::nth(900)).await), None);
    }
}

/// An empty change set is committed, and so is one that only asks.
pub async fn nothing_to_do_is_done(store: &dyn Store) {
    let (_, tenant, _) = a_place(store).await;
    ok(store.commit(ChangeSet::new()).await);
    ok(store.commit(a_change("only audited")).await);
    ok(store
        .commit(ChangeSet::new().ask(Work::Tenant(tenant.id), tenant.cluster))
        .await);
    claim_one(store, 1).await;
}

/// Who stops waiting for his write does not stop the write, once it was begun.
pub async fn a_dropped_caller_cancels_nothing(store: &dyn Store) {
    a_place(store).await;
    for n in 2..40 {
        let changes = a_change("dropped").write(insert_tenant(&a_tenant().nth(n).build()));
        // Polled once and dropped: whether it was begun or done by then, it must go on.
        let _ = store.commit(changes).now_or_never();
    }
    // A write behind them is answered after them.
    ok(write(store, insert_tenant(&a_tenant().nth(50).build())).await);
    let mut found = 0;
    for _ in 0..1000 {
        let page = ok(store
            .tenants(TenantFilter::default(), Page::first(200))
            .await);
        found = page.items.len();
        if found == 40 {
            return;
        }
        ok(store.commit(ChangeSet::new()).await);
    }
    fail(&format!("{found} of 40 tenants are there"));
}

/// One change set may hold a whole family, and several writes of one row in order.
pub async fn many_writes_in_one_set(store: &dyn Store) {
    let (cluster, tenant, project) = (a_cluster().build(), a_tenant().build(), a_project().build());
    let changes = writes([
        insert_cluster(&cluster),
        insert_tenant(&tenant),
        insert_project(&project),
        update_tenant(&a_tenant().label("n", "2").generation(2).build()),
        update_tenant(&a_tenant().label("n", "3").generation(3).build()),
        Write::TenantStatus(tenant.id, a_status(3, Phase::Deployed)),
    ]);
    ok(store
        .commit(changes.ask(Work::Tenant(tenant.id), cluster.id))
        .await);
    assert!(ok(store.cluster(&Ref::Id(cluster.id.uuid())).await).is_some());
    assert!(ok(store.project(project.id).await).is_some());
    let found = some(ok(store.tenant(tenant.id).await));
    assert_eq!(
        found,
        a_tenant().label("n", "3").generation(3).deployed(3).build()
    );
}
