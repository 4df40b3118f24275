//! A database that is away, and comes back.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::ports::store::{
    ClaimRequest, ClusterReads as _, Commit as _, CommitError, Health as _, StoreError,
    TenantFilter, TenantReads as _, WorkQueue as _,
};
use kubenova_core::testing::build::{a_change, a_cluster, a_tenant};
use kubenova_core::value::{Page, Secret, TenantId};
use kubenova_store::postgres::{ConnectError, PgOptions, PgStore};
use kubenova_store::seal::Keyring;

use super::proxy::Wire;
use crate::fixture;

/// Far more than the store takes to see that nobody answers.
const SOON: Duration = Duration::from_secs(20);

fn create(n: u128) -> ChangeSet {
    let tenant = a_tenant().nth(n).build();
    a_change("away").write(Write::InsertTenant(Box::new(tenant)))
}

fn a_cluster_row() -> ChangeSet {
    let cluster = Box::new(a_cluster().build());
    ChangeSet::new().write(Write::InsertCluster(cluster, Secret::new("x")))
}

fn away<T: std::fmt::Debug>(done: &Result<T, StoreError>) {
    assert!(matches!(done, Err(StoreError::Away(_))), "{done:?}");
}

/// Waits until a write is taken again; how long that took.
pub(super) async fn until_it_writes(store: &PgStore, changes: ChangeSet) -> Duration {
    let begun = Instant::now();
    let taken = async {
        while store.commit(changes.clone()).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, taken).await.expect("it never came back");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn away_is_said_soon_and_everything_recovers() {
    let db = fixture::postgres().await;
    let (wire, url) = Wire::to(&db.url).await;
    let store = PgStore::connect(
        &url,
        PgOptions::default(),
        Keyring::parse([db.key.as_str()]).unwrap(),
    );
    let store = store.await.unwrap();
    store.commit(a_cluster_row()).await.unwrap();
    for n in 1..6 {
        store.commit(create(n)).await.unwrap();
        assert!(store.tenant(TenantId::nth(n)).await.unwrap().is_some());
    }
    wire.cut().await;
    let refused = timeout(SOON, join_all((10..40).map(|n| store.commit(create(n)))))
        .await
        .unwrap();
    for done in refused {
        assert!(
            matches!(done, Err(CommitError::Store(StoreError::Away(_)))),
            "{done:?}"
        );
    }
    away(&timeout(SOON, store.tenant(TenantId::nth(1))).await.unwrap());
    away(
        &timeout(SOON, store.tenants(TenantFilter::default(), Page::first(5)))
            .await
            .unwrap(),
    );
    away(&timeout(SOON, store.cluster_ids()).await.unwrap());
    away(&timeout(SOON, store.next_due()).await.unwrap());
    away(&timeout(SOON, store.health()).await.unwrap());
    wire.mend().await;
    until_it_writes(&store, create(50)).await;
    assert!(store.tenant(TenantId::nth(50)).await.unwrap().is_some());
    let all = store
        .tenants(TenantFilter::default(), Page::first(200))
        .await
        .unwrap();
    assert_eq!(
        all.items.len(),
        6,
        "what was refused before it began is not there"
    );
    // Whoever waits for work is told after the channel was lost, whatever he missed.
    timeout(SOON, store.woken()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_closed_behind_our_back_are_replaced() {
    let db = fixture::postgres().await;
    db.commit(a_cluster_row()).await.unwrap();
    let mut look = db.look().await;
    for n in 1..8 {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity \
                   where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut look).await.unwrap();
        db.commit(create(n)).await.unwrap();
        assert!(
            db.tenant(TenantId::nth(n)).await.unwrap().is_some(),
            "no caller notices"
        );
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_does_not_open_and_shows_no_password() {
    let db = fixture::postgres().await;
    let key = || Keyring::parse([db.key.as_str()]).unwrap();
    let (wire, url) = Wire::to(&db.url).await;
    wire.cut().await;
    let url = url.replace('@', ":canary@");
    let refused = PgStore::connect(&url, PgOptions::default(), key())
        .await
        .unwrap_err();
    assert!(matches!(refused, ConnectError::Away(_)));
    let chain = format!("{refused} {refused:?}");
    assert!(!chain.contains("canary"), "{chain}");
    let refused = PgStore::connect("mysql://canary@x/y", PgOptions::default(), key())
        .await
        .unwrap_err();
    assert!(matches!(refused, ConnectError::Address), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("canary"));
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun_and_takes_nothing_more() {
    let db = fixture::postgres().await;
    db.commit(a_cluster_row()).await.unwrap();
    let begun = join_all((1..30).map(|n| db.commit(create(n))));
    let (begun, ()) = tokio::join!(begun, db.shutdown());
    let written = begun.iter().filter(|done| done.is_ok()).count();
    let mut look = db.look().await;
    let rows = sqlx::query_scalar::<_, i64>("select count(*) from tenants")
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(usize::try_from(rows).unwrap(), written);
    let late = db.commit(create(90)).await;
    assert!(
        matches!(late, Err(CommitError::Store(StoreError::Away(_)))),
        "{late:?}"
    );
    let want = ClaimRequest {
        lease: kubenova_core::change::Lease(uuid::Uuid::from_u128(1)),
        lease_for: SOON,
        limit: 1,
        per_cluster: 1,
        caps: Vec::new(),
    };
    away(&db.claim(want).await);
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let open = sqlx::query_scalar::<_, i64>(others)
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(open, 0, "every connection was given back");
}
