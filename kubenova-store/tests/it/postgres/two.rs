//! Two processes on one database.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{join, join_all};
use tokio::time::timeout;
use uuid::Uuid;

use kubenova_core::change::{ChangeSet, Lease, Require, Work, WorkRequest, Write};
use kubenova_core::ports::store::{
    ClaimRequest, Commit as _, CommitError, Finish, ProjectReads as _, TenantReads as _,
    WorkQueue as _,
};
use kubenova_core::testing::build::{a_cluster, a_project, a_tenant};
use kubenova_core::value::{ClusterId, Generation, ProjectId, Secret, TenantId};
use kubenova_store::postgres::PgStore;

use crate::fixture::{self, Postgres};

const SOON: Duration = Duration::from_secs(20);

async fn with_cluster() -> Postgres {
    let db = fixture::postgres().await;
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    db.commit(ChangeSet::new().write(insert)).await.unwrap();
    db
}

fn claim(n: u128, limit: usize) -> ClaimRequest {
    ClaimRequest {
        lease: Lease(Uuid::from_u128(n)),
        lease_for: SOON,
        limit,
        per_cluster: 1000,
        caps: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletion_here_against_creation_there() {
    let here = with_cluster().await;
    let there = here.second().await;
    for n in 1..60 {
        let tenant = a_tenant().nth(n).build();
        here.commit(ChangeSet::new().write(Write::InsertTenant(Box::new(tenant.clone()))))
            .await
            .unwrap();
        let marked = a_tenant().nth(n).deleting(1).generation(2).build();
        let delete = ChangeSet::new().require(Require::NoProjects(tenant.id));
        let delete = delete.write(Write::UpdateTenant(Box::new(marked)));
        let project = Box::new(a_project().nth(n).of(&tenant).build());
        let create = ChangeSet::new().require(Require::TenantAccepts(tenant.id));
        let create = create.write(Write::InsertProject(project));
        let (deleted, created) = join(here.commit(delete), there.commit(create)).await;
        assert!(
            matches!(deleted, Ok(()) | Err(CommitError::NotEmpty(_))),
            "{deleted:?}"
        );
        assert!(
            matches!(created, Ok(()) | Err(CommitError::Closed(_))),
            "{created:?}"
        );
        assert_ne!(deleted.is_ok(), created.is_ok(), "round {n}");
        let marked = there
            .tenant(tenant.id)
            .await
            .unwrap()
            .unwrap()
            .deleting
            .is_some();
        let exists = here.project(ProjectId::nth(n)).await.unwrap().is_some();
        assert_ne!(marked, exists, "round {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_one_version_one_wins() {
    let here = with_cluster().await;
    let there = here.second().await;
    here.commit(ChangeSet::new().write(Write::InsertTenant(Box::new(a_tenant().build()))))
        .await
        .unwrap();
    for generation in 2..40 {
        let update = |who: &str| {
            let new = a_tenant().label("who", who).generation(generation).build();
            ChangeSet::new().write(Write::UpdateTenant(Box::new(new)))
        };
        let both = join(here.commit(update("here")), there.commit(update("there"))).await;
        let won = match both {
            (Ok(()), Err(CommitError::Stale)) => "here",
            (Err(CommitError::Stale), Ok(())) => "there",
            other => panic!("{other:?}"),
        };
        let found = here.tenant(TenantId::nth(1)).await.unwrap().unwrap();
        assert_eq!(found.generation, Generation::new(generation));
        assert_eq!(found.labels.as_map()["who"], won);
    }
}

async fn work_off(store: &PgStore, turn: u128) -> Vec<Work> {
    let mut done = Vec::new();
    for n in 0..1000 {
        let claims = store.claim(claim(turn + n, 7)).await.unwrap();
        if claims.is_empty() && store.next_due().await.unwrap().is_none() {
            break;
        }
        for claim in claims {
            store.finish(claim.receipt, Finish::Done).await.unwrap();
            done.push(claim.receipt.item);
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work() {
    let here = with_cluster().await;
    let there = here.second().await;
    let all: Vec<WorkRequest> = (1..=200)
        .map(|n| WorkRequest {
            item: Work::Tenant(TenantId::nth(n)),
            cluster: ClusterId::nth(n % 3),
            after: Duration::ZERO,
        })
        .collect();
    join_all(all.chunks(20).map(|chunk| here.ask(chunk.to_vec()))).await;
    let (first, second) = join(work_off(&here, 10_000), work_off(&there, 20_000)).await;
    let distinct: BTreeSet<Work> = first.iter().chain(&second).copied().collect();
    assert_eq!(first.len() + second.len(), 200, "none twice");
    assert_eq!(distinct.len(), 200, "none lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_here_wakes_who_waits_there() {
    let here = with_cluster().await;
    let there = here.second().await;
    // The listener says once that it begins; after that, silence until there is work.
    timeout(SOON, there.woken()).await.unwrap();
    assert!(there.claim(claim(1, 5)).await.unwrap().is_empty());
    let mut waiting = Box::pin(there.woken());
    assert!((&mut waiting).now_or_never().is_none());
    let tenant = a_tenant().build();
    let changes = ChangeSet::new().ask(Work::Tenant(tenant.id), tenant.cluster);
    here.commit(changes).await.unwrap();
    timeout(SOON, waiting).await.unwrap();
    assert_eq!(there.claim(claim(2, 5)).await.unwrap().len(), 1);
}
