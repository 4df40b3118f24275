//! A database that falls silent: nobody waits for long, nobody is told a lie, and it is used again soon.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::ports::store::{
    ClusterReads as _, Commit as _, CommitError, Health as _, StoreError, TenantFilter,
    TenantReads as _, WorkQueue as _,
};
use kubenova_core::testing::build::{a_change, a_cluster, a_tenant};
use kubenova_core::value::{Page, Secret, TenantId};
use kubenova_store::postgres::{PgOptions, PgStore};
use kubenova_store::seal::Keyring;

use super::away::until_it_writes;
use super::proxy::Wire;
use crate::fixture::{self, Postgres};

/// What reads and commits may take, and a little for a machine that has other things to do.
const READ: Duration = Duration::from_millis(2500);
const COMMIT: Duration = Duration::from_millis(5500);
/// What a refusal may take once the database is known to be away.
const AT_ONCE: Duration = Duration::from_millis(250);

fn create(n: u128) -> ChangeSet {
    let tenant = a_tenant().nth(n).build();
    a_change(&format!("silent-{n}")).write(Write::InsertTenant(Box::new(tenant)))
}

async fn through_a_wire() -> (Postgres, Wire, PgStore) {
    let db = fixture::postgres().await;
    let (wire, url) = Wire::to(&db.url).await;
    let key = Keyring::parse([db.key.as_str()]).unwrap();
    let store = PgStore::connect(&url, PgOptions::default(), key)
        .await
        .unwrap();
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    store.commit(ChangeSet::new().write(insert)).await.unwrap();
    for n in 1..4 {
        store.commit(create(n)).await.unwrap();
        assert!(store.tenant(TenantId::nth(n)).await.unwrap().is_some());
    }
    (db, wire, store)
}

fn is_away<T>(done: &Result<T, StoreError>) -> bool {
    matches!(done, Err(StoreError::Away(_)))
}

fn was_away(done: &Result<(), CommitError>) -> bool {
    matches!(done, Err(CommitError::Store(StoreError::Away(_))))
}

/// Every kind of read, each told within `limit` that the database is away.
async fn reads_are_refused(store: &PgStore, limit: Duration) {
    let (point, list, few, work, health) = timeout(limit, async {
        tokio::join!(
            store.tenant(TenantId::nth(1)),
            store.tenants(TenantFilter::default(), Page::first(5)),
            store.cluster_ids(),
            store.next_due(),
            store.health(),
        )
    })
    .await
    .expect("somebody waited for too long");
    assert!(is_away(&point) && is_away(&list) && is_away(&few) && is_away(&work));
    assert!(is_away(&health));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_away_within_bounds_and_then_at_once() {
    let (_db, wire, store) = through_a_wire().await;
    wire.silence();
    let begun = Instant::now();
    let commits = timeout(COMMIT, join_all((10..300).map(|n| store.commit(create(n)))));
    let (_, commits) = tokio::join!(reads_are_refused(&store, READ), commits);
    let commits = commits.expect("a commit waited for too long");
    assert!(commits.iter().all(was_away), "{commits:?}");
    println!("all were told after {:?}", begun.elapsed());
    // Known by now, and it stays known however often somebody asks.
    for n in 300..310 {
        reads_are_refused(&store, AT_ONCE).await;
        let refused = timeout(AT_ONCE, store.commit(create(n))).await;
        assert!(was_away(&refused.expect("known, and waited for")));
    }
    wire.speak();
    let back = until_it_writes(&store, create(400)).await;
    println!("written again after {back:?}");
    assert!(store.tenant(TenantId::nth(400)).await.unwrap().is_some());
}

/// What was on its way is there wholly, with its audit entry, or not at all; what came later never is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_is_there_wholly_or_not_at_all() {
    let (db, wire, store) = through_a_wire().await;
    let under_way = join_all((10..200).map(|n| store.commit(create(n))));
    let silence = async {
        tokio::task::yield_now().await;
        wire.silence();
    };
    let (told, ()) = tokio::join!(timeout(COMMIT, under_way), silence);
    let told = told.expect("a commit waited for too long");
    let late = store.commit(create(900)).await;
    assert!(was_away(&late), "{late:?}");
    wire.speak();
    until_it_writes(&store, create(901)).await;
    let mut look = db.look().await;
    let torn = "select count(*) from tenants t left join audit a on a.target_name = 'silent-' || substring(t.name from 8) \
                where a.seq is null";
    let torn = sqlx::query_scalar::<_, i64>(torn)
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(torn, 0, "tenants without an audit entry");
    for (n, done) in (10..200).zip(&told) {
        let there = store.tenant(TenantId::nth(n)).await.unwrap().is_some();
        assert!(there || done.is_err(), "{n} was acknowledged and is gone");
        assert!(done.is_ok() || was_away(done), "{done:?}");
    }
    assert!(store.tenant(TenantId::nth(900)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_for_long_is_no_outage() {
    let (db, _wire, store) = through_a_wire().await;
    let mut holder = db.look().await;
    sqlx::raw_sql("begin; lock table tenants in access exclusive mode")
        .execute(&mut holder)
        .await
        .unwrap();
    let (listed, others) = tokio::join!(
        timeout(READ, store.tenants(TenantFilter::default(), Page::first(5))),
        async {
            let mut seen = Vec::new();
            for _ in 0..40 {
                seen.push(store.cluster_ids().await);
                sleep(Duration::from_millis(50)).await;
            }
            seen
        }
    );
    assert!(is_away(&listed.expect("waited for too long")));
    for seen in others {
        assert_eq!(seen.expect("the database was well").len(), 1);
    }
    sqlx::raw_sql("rollback")
        .execute(&mut holder)
        .await
        .unwrap();
    let listed = store.tenants(TenantFilter::default(), Page::first(5)).await;
    assert_eq!(listed.unwrap().items.len(), 3);
}
