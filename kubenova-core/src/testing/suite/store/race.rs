//! Races: whatever happens at once, one order of events explains it.

use std::collections::BTreeSet;

use futures::future::{join, join_all};

use super::kit::{
    a_claim, a_place, ask, fail, insert_cluster, insert_project, insert_tenant, ok, some,
    update_tenant, write, writes,
};
use crate::change::{ChangeSet, Require, Work, Write};
use crate::domain::cluster::Cluster;
use crate::ports::Store;
use crate::ports::store::{ClaimRequest, CommitError, Taken};
use crate::testing::build::{a_change, a_cluster, a_project, a_tenant};
use crate::value::{Generation, ProjectId, TenantId};

fn count(done: &[Result<(), CommitError>], refusal: impl Fn(&CommitError) -> bool) -> usize {
    for one in done {
        match one {
            Ok(()) => {}
            Err(why) if refusal(why) => {}
            Err(why) => fail(&format!("an unexpected refusal: {why:?}")),
        }
    }
    done.iter().filter(|one| one.is_ok()).count()
}

/// Of any number of writers of one version exactly one wins.
pub async fn two_writers_of_one_version(store: &dyn Store) {
    a_place(store).await;
    for generation in 2..8 {
        let sets = (0..8).map(|n| {
            let new = a_tenant()
                .label("writer", &n.to_string())
                .generation(generation)
                .build();
            store.commit(writes([update_tenant(&new)]))
        });
        let done = join_all(sets).await;
        assert_eq!(count(&done, |why| matches!(why, CommitError::Stale)), 1);
        let found = some(ok(store.tenant(TenantId::nth(1)).await));
        assert_eq!(found.generation, Generation::new(generation));
        let winner = done.iter().position(Result::is_ok);
        let wrote = found
            .labels
            .as_map()
            .get("writer")
            .and_then(|text| text.parse().ok());
        assert_eq!(wrote, winner, "what is there is what the winner wrote");
    }
}

/// Of any number of rows with one name exactly one is there.
pub async fn one_name_is_taken_once(store: &dyn Store) {
    a_place(store).await;
    let sets = (2..12).map(|n| {
        store.commit(writes([insert_tenant(
            &a_tenant().nth(n).named("same").build(),
        )]))
    });
    let done = join_all(sets).await;
    let taken = |why: &CommitError| matches!(why, CommitError::Taken(Taken::TenantName));
    assert_eq!(count(&done, taken), 1);
}

/// A tenant is deleted because it has no project, or has the project: never both.
pub async fn deletion_against_creation(store: &dyn Store) {
    ok(write(store, insert_cluster(&a_cluster().build())).await);
    for n in 1..40 {
        let tenant = a_tenant().nth(n).build();
        ok(write(store, insert_tenant(&tenant)).await);
        let mut marked = tenant.clone();
        marked.deleting = Some(tenant.created_at);
        marked.generation = Generation::new(2);
        let delete = writes([update_tenant(&marked)]).require(Require::NoProjects(tenant.id));
        let project = a_project().nth(n).of(&tenant).build();
        let create = writes([insert_project(&project)]).require(Require::TenantAccepts(tenant.id));
        let (first, second) = if n % 2 == 0 {
            (delete, create)
        } else {
            (create, delete)
        };
        let (first, second) = join(store.commit(first), store.commit(second)).await;
        let done = [first, second];
        let refused =
            |why: &CommitError| matches!(why, CommitError::NotEmpty(_) | CommitError::Closed(_));
        assert_eq!(count(&done, refused), 1, "round {n}");
        let deleted = some(ok(store.tenant(tenant.id).await)).deleting.is_some();
        let created = ok(store.project(ProjectId::nth(n)).await).is_some();
        assert_ne!(deleted, created, "round {n}");
    }
}

/// The same one floor up.
pub async fn cluster_deletion_against_tenants(store: &dyn Store) {
    for n in 1..30 {
        let cluster = a_cluster().nth(n).build();
        ok(write(store, insert_cluster(&cluster)).await);
        let marked = Cluster {
            generation: Generation::new(2),
            ..a_cluster().deleting(1, false).nth(n).build()
        };
        let delete = writes([Write::UpdateCluster(Box::new(marked))])
            .require(Require::NoTenants(cluster.id));
        let creations = (0..4).map(|m| {
            let tenant = a_tenant().nth(n * 10 + m).on(cluster.id).build();
            let changes = a_change("race").require(Require::ClusterAccepts(cluster.id));
            store.commit(changes.write(insert_tenant(&tenant)))
        });
        let (created, deleted) = join(join_all(creations), store.commit(delete)).await;
        let created = count(&created, |why| matches!(why, CommitError::Closed(_)));
        let deleted = count(&[deleted], |why| matches!(why, CommitError::NotEmpty(_)));
        assert!(
            deleted == 0 || created == 0,
            "round {n}: deleted with {created} tenants"
        );
        assert!(
            deleted == 1 || created > 0,
            "round {n}: refused without tenants"
        );
    }
}

/// Any number of workers that claim at once share the items: all of them, none twice.
pub async fn claims_never_overlap(store: &dyn Store) {
    let all: BTreeSet<Work> = (1..=60).map(|n| Work::Tenant(TenantId::nth(n))).collect();
    for item in &all {
        ask(store, *item).await;
    }
    let mut seen = BTreeSet::new();
    for round in 0..60 {
        let wants = (1..=4).map(|n| ClaimRequest {
            limit: 5,
            ..a_claim(round * 10 + n, 5)
        });
        for claims in join_all(wants.map(|want| store.claim(want))).await {
            for claim in ok(claims) {
                assert!(seen.insert(claim.receipt.item), "claimed twice: {claim:?}");
            }
        }
        if seen.len() == all.len() {
            break;
        }
        // A claim skips what another one is looking at; a commit in between changes nothing about that.
        ok(store.commit(ChangeSet::new()).await);
    }
    assert_eq!(seen, all);
}

/// Attack 149: room for one more project, many creations at once: one of them finds it.
pub async fn the_last_room_is_taken_once(store: &dyn Store) {
    a_place(store).await;
    let tenant = TenantId::nth(1);
    let there = ok(store
        .projects(
            crate::ports::store::ProjectFilter {
                tenant,
                only: None,
                selector: crate::value::LabelSelector::default(),
            },
            crate::value::Page::first(10),
        )
        .await)
    .items
    .len() as u64;
    for round in 1..6_u64 {
        let create = |n: u128| {
            let project = a_project().nth(1000 * u128::from(round) + n).build();
            let set = writes([insert_project(&project)]);
            store.commit(set.require(Require::RoomForProject(tenant, there + round)))
        };
        let done = join_all((1..=20).map(create)).await;
        let full =
            |why: &CommitError| matches!(why, CommitError::Full(crate::error::Noun::Project));
        assert_eq!(count(&done, full), 1, "round {round}");
    }
}
