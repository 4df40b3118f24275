//! The connections that lists and the work set share: whoever leaves, breaks or blocks one costs nobody else an answer.

use std::time::Duration;

use futures::future::join_all;
use tokio::task::yield_now;
use tokio::time::timeout;

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::ports::store::{
    ClusterReads as _, Commit as _, StoreError, TenantFilter, TenantReads as _, WorkQueue as _,
};
use kubenova_core::testing::build::{a_cluster, a_tenant};
use kubenova_core::value::{LabelSelector, Page, Paged, Secret};
use kubenova_store::postgres::{PgOptions, PgStore};

use crate::fixture::{self, Postgres};

/// More than the longest read may take, on a machine that has other things to do.
const SOON: Duration = Duration::from_secs(5);
/// Tenants of each of two teams.
const MANY: u128 = 60;

/// Tenants of two teams, and a store with one connection for lists.
async fn two_teams() -> (Postgres, PgStore) {
    let db = fixture::postgres().await;
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    db.commit(ChangeSet::new().write(insert)).await.unwrap();
    let create = |n: u128| {
        let team = if n.is_multiple_of(2) { "even" } else { "odd" };
        let tenant = Box::new(a_tenant().nth(n).label("team", team).build());
        db.commit(ChangeSet::new().write(Write::InsertTenant(tenant)))
    };
    for done in join_all((1..=2 * MANY).map(create)).await {
        done.unwrap();
    }
    let one = PgOptions {
        max_connections: 3,
        ..PgOptions::default()
    };
    let narrow = db.second_with(one).await;
    (db, narrow)
}

fn team(name: &str) -> TenantFilter {
    TenantFilter {
        selector: LabelSelector::parse(&format!("team={name}")).unwrap(),
        ..TenantFilter::default()
    }
}

async fn list(store: &PgStore, name: &str) -> Result<usize, StoreError> {
    let found = store.tenants(team(name), Page::first(200)).await?;
    let of_team = |page: &Paged<_>| -> bool {
        let rows: &Vec<kubenova_core::domain::tenant::Tenant> = &page.items;
        rows.iter()
            .all(|row| row.labels.as_map().get("team").map(String::as_str) == Some(name))
    };
    assert!(of_team(&found), "somebody else's answer");
    Ok(found.items.len())
}

async fn connections(db: &Postgres) -> i64 {
    let mut look = db.look().await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query_scalar::<_, i64>(open)
        .fetch_one(&mut look)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_in_mid_answer_leaves_nothing_behind() {
    let (db, store) = two_teams().await;
    let (mut left, mut stayed) = (0, 0);
    for n in 0..400 {
        let (gone, next) = if n % 2 == 0 {
            ("even", "odd")
        } else {
            ("odd", "even")
        };
        tokio::select! {
            biased;
            done = list(&store, gone) => {
                done.unwrap();
                stayed += 1;
            }
            () = async { for _ in 0..n % 60 { yield_now().await; } } => left += 1,
        }
        assert_eq!(list(&store, next).await.unwrap(), MANY as usize);
    }
    assert!(left > 50, "{left} left, {stayed} stayed");
    assert!(store.next_due().await.unwrap().is_none());
    // Those that were left end by themselves; none is left open.
    let few = async { while connections(&db).await > 24 {} };
    timeout(SOON, few)
        .await
        .expect("connections were left open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_while_idle_or_answering_is_replaced() {
    let (db, store) = two_teams().await;
    let mut look = db.look().await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                where datname = current_database() and pid <> pg_backend_pid()";
    for _ in 0..10 {
        assert_eq!(list(&store, "even").await.unwrap(), MANY as usize);
        sqlx::query(kill).execute(&mut look).await.unwrap();
        // Idle: nobody notices.
        assert_eq!(list(&store, "odd").await.unwrap(), MANY as usize);
        assert!(store.next_due().await.unwrap().is_none());
        // Answering: away at worst, and never a part of an answer.
        let (lists, _) = tokio::join!(
            join_all((0..20).map(|_| list(&store, "even"))),
            sqlx::query(kill).execute(&mut look)
        );
        for done in lists {
            match done {
                Ok(found) => assert_eq!(found, MANY as usize),
                Err(err) => assert!(matches!(err, StoreError::Away(_)), "{err:?}"),
            }
        }
    }
    assert_eq!(list(&store, "odd").await.unwrap(), MANY as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_are_busy_the_wait_ends_and_so_does_the_queue() {
    let (db, store) = two_teams().await;
    list(&store, "even").await.unwrap();
    let mut holder = db.look().await;
    sqlx::raw_sql("begin; lock table tenants in access exclusive mode")
        .execute(&mut holder)
        .await
        .unwrap();
    // One connection has 128 callers at most; what is beyond is told at once.
    let waiting = join_all((0..300).map(|_| list(&store, "even")));
    let others = async {
        // The work set has connections of its own.
        for _ in 0..20 {
            assert!(store.next_due().await.unwrap().is_none());
        }
    };
    let (waiting, ()) = tokio::join!(timeout(SOON, waiting), others);
    for done in waiting.expect("somebody waited for too long") {
        assert!(matches!(done, Err(StoreError::Away(_))), "{done:?}");
    }
    sqlx::raw_sql("rollback")
        .execute(&mut holder)
        .await
        .unwrap();
    assert_eq!(list(&store, "even").await.unwrap(), MANY as usize);
    assert_eq!(store.cluster_ids().await.unwrap().len(), 1);
}
