//! Tenants and their owners.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use super::kit::{
    Told, apply, discard, never_adopted, project, rests, see_project, see_tenant, settled,
    settled_tenant, tenant, until, until_gone,
};
use crate::change::Work;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{ObservedTenant, Presence, Signal, Step, TenantSpec};
use crate::simulation::{ForeignAct, Thing};
use crate::testing::build::subject;
use crate::value::TenantId;

fn absent() -> ObservedTenant {
    ObservedTenant {
        tenant: Presence::Absent,
        usable: false,
        owners: BTreeSet::new(),
        stray_owners: BTreeSet::new(),
        namespaces: BTreeSet::new(),
    }
}

/// What is not there is not there, and removing it is no fault.
pub async fn absent_is_absent(on: &dyn Ground) {
    let want = tenant(on, &["alice"]);
    assert_eq!(see_tenant(on, &want).await, absent());
    apply(on, Step::DeleteTenant(want.id, want.name.clone())).await;
    apply(on, Step::DeleteOwner(want.id, format!("{}-0", want.name))).await;
    assert_eq!(see_tenant(on, &want).await, absent());
}

/// Applied, it becomes usable, and a second turn has nothing to write; another request's name is no change.
pub async fn converges_and_rests(on: &dyn Ground) {
    let want = settled_tenant(on, &["alice", "system:serviceaccount:ops:robot"]).await;
    let seen = see_tenant(on, &want).await;
    let expected = ObservedTenant {
        tenant: Presence::Current,
        usable: true,
        owners: want.owners.clone(),
        ..absent()
    };
    assert_eq!(seen, expected);
    assert!(rests(&want, &seen));
    let later = TenantSpec {
        request: crate::access::RequestId::parse("request-2"),
        ..want.clone()
    };
    assert!(rests(&later, &see_tenant(on, &later).await));
    apply(on, Step::ApplyTenant(want.clone())).await;
    for owner in &want.owners {
        apply(on, Step::ApplyOwner(want.clone(), owner.clone())).await;
    }
    until(on, "it rests again", || async {
        see_tenant(on, &want).await == expected
    })
    .await;
    discard(on, &want, &[]).await;
}

/// Another label, one less, another annotation: each differs until it is applied.
pub async fn follows_its_intent(on: &dyn Ground) {
    let first = settled_tenant(on, &[]).await;
    let relabelled = TenantSpec {
        labels: BTreeMap::from([("tier".to_owned(), "silver".to_owned())]),
        ..first.clone()
    };
    let fewer = TenantSpec {
        labels: BTreeMap::new(),
        ..first.clone()
    };
    let annotated = TenantSpec {
        annotations: BTreeMap::from([("note".to_owned(), "bye".to_owned())]),
        ..fewer.clone()
    };
    for want in [&relabelled, &fewer, &annotated] {
        assert_eq!(see_tenant(on, want).await.tenant, Presence::Differs);
        apply(on, Step::ApplyTenant(want.clone())).await;
        until(on, "it is current and usable", || async {
            let seen = see_tenant(on, want).await;
            seen.tenant == Presence::Current && seen.usable
        })
        .await;
    }
    discard(on, &annotated, &[]).await;
}

/// Owners are what was asked for: those too many are named, go one by one, and only for their own tenant.
pub async fn owners_come_and_go(on: &dyn Ground) {
    let both = settled_tenant(on, &["alice", "bob"]).await;
    let one = TenantSpec {
        owners: BTreeSet::from([Owner::from(&subject("alice"))]),
        ..both.clone()
    };
    let seen = see_tenant(on, &one).await;
    assert_eq!(seen.owners, one.owners);
    assert_eq!(seen.stray_owners.len(), 1, "bob: {seen:?}");
    let bob: Vec<String> = seen.stray_owners.into_iter().collect();
    let stranger = Step::DeleteOwner(TenantId::nth(on.unique()), bob[0].clone());
    apply(on, stranger).await;
    assert_eq!(see_tenant(on, &both).await.owners, both.owners);
    for _ in 0..2 {
        apply(on, Step::DeleteOwner(both.id, bob[0].clone())).await;
        let seen = see_tenant(on, &both).await;
        assert_eq!(seen.owners, one.owners, "{seen:?}");
        assert!(seen.stray_owners.is_empty(), "{seen:?}");
    }
    discard(on, &one, &[]).await;
}

/// Owners are objects of their own: they may come before their tenant, and stay when it goes.
pub async fn owners_stand_alone(on: &dyn Ground) {
    let want = tenant(on, &["alice"]);
    for owner in &want.owners {
        apply(on, Step::ApplyOwner(want.clone(), owner.clone())).await;
    }
    let seen = see_tenant(on, &want).await;
    assert_eq!(
        (seen.tenant, &seen.owners),
        (Presence::Absent, &want.owners)
    );
    apply(on, Step::ApplyTenant(want.clone())).await;
    until(on, "the tenant is usable", || async {
        see_tenant(on, &want).await.usable
    })
    .await;
    apply(on, Step::DeleteTenant(want.id, want.name.clone())).await;
    until_gone(on, &want).await;
    assert_eq!(see_tenant(on, &want).await.owners, want.owners);
    discard(on, &want, &[]).await;
    assert_eq!(see_tenant(on, &want).await, absent());
}

/// A Tenant of that name that is not ours is taken: never adopted, never changed, never removed.
pub async fn a_foreign_name_is_taken(on: &dyn Ground) {
    let want = tenant(on, &[]);
    let thing = || Thing::Tenant(want.name.clone());
    on.act(ForeignAct::CreateTenant(want.name.clone())).await;
    let before = on.fingerprint(thing()).await;
    assert_eq!(see_tenant(on, &want).await.tenant, Presence::Foreign);
    never_adopted(on, &Step::ApplyTenant(want.clone())).await;
    apply(on, Step::DeleteTenant(want.id, want.name.clone())).await;
    assert!(before.is_some());
    assert_eq!(on.fingerprint(thing()).await, before, "untouched");
    on.act(ForeignAct::DeleteTenant(want.name.clone())).await;
}

/// So is one of ours that another tenant has.
pub async fn another_tenants_name_is_taken(on: &dyn Ground) {
    let first = settled_tenant(on, &["alice"]).await;
    let second = TenantSpec {
        id: TenantId::nth(on.unique()),
        ..first.clone()
    };
    let seen = see_tenant(on, &second).await;
    assert_eq!(
        (seen.tenant, seen.owners),
        (Presence::Foreign, BTreeSet::new())
    );
    never_adopted(on, &Step::ApplyTenant(second.clone())).await;
    apply(on, Step::DeleteTenant(second.id, second.name.clone())).await;
    assert!(rests(&first, &see_tenant(on, &first).await));
    discard(on, &first, &[]).await;
}

/// What somebody else changed differs, is told of, and one step restores it.
pub async fn shows_foreign_changes(on: &dyn Ground) {
    let want = settled_tenant(on, &["alice"]).await;
    let mut told = Told::start(on, want.cluster).await;
    let about = Signal::Changed(Work::Tenant(want.id));
    on.act(ForeignAct::EditTenant(want.name.clone())).await;
    told.next(&about).await;
    assert_eq!(see_tenant(on, &want).await.tenant, Presence::Differs);
    apply(on, Step::ApplyTenant(want.clone())).await;
    assert_eq!(see_tenant(on, &want).await.tenant, Presence::Current);
    let nobody = TenantSpec {
        owners: BTreeSet::new(),
        ..want.clone()
    };
    for owner in see_tenant(on, &nobody).await.stray_owners {
        on.act(ForeignAct::DeleteOwner(owner)).await;
    }
    told.next(&about).await;
    assert_eq!(see_tenant(on, &want).await.owners, BTreeSet::new());
    discard(on, &want, &[]).await;
}

/// Its deletion takes its namespaces along: why a reconciler removes projects first.
pub async fn takes_its_namespaces_along(on: &dyn Ground) {
    let (want, web) = settled(on).await;
    let api = project(on, &want, "api");
    apply(on, Step::ApplyNamespace(api.clone())).await;
    let inside = see_tenant(on, &want).await.namespaces;
    assert_eq!(
        inside,
        [&web, &api].map(|one| one.namespace.to_string()).into()
    );
    apply(on, Step::DeleteTenant(want.id, want.name.clone())).await;
    until_gone(on, &want).await;
    for one in [&web, &api] {
        assert_eq!(see_project(on, one).await.namespace, Presence::Absent);
    }
    discard(on, &want, &[]).await;
}
