//! Lost writes: what was acknowledged is there, whoever hung up meanwhile.

use std::collections::BTreeSet;

use futures::future::join_all;
use sqlx::PgConnection;
use tokio::task::yield_now;

use kubenova_core::change::{ChangeSet, Require, Work, Write};
use kubenova_core::ports::store::Commit as _;
use kubenova_core::testing::build::{a_change, a_cluster, a_tenant};
use kubenova_core::value::Secret;

use crate::fixture::{self, Postgres};

const WRITES: u128 = 500;

fn create(n: u128) -> ChangeSet {
    let tenant = a_tenant().nth(n).label("n", &n.to_string()).build();
    let changes = a_change(tenant.name.as_str()).require(Require::ClusterAccepts(tenant.cluster));
    let work = Work::Tenant(tenant.id);
    changes
        .write(Write::InsertTenant(Box::new(tenant.clone())))
        .ask(work, tenant.cluster)
}

/// Commits, and hangs up every third time after a while that differs; whether it was acknowledged.
async fn write(db: &Postgres, n: u128) -> Option<u128> {
    let commit = db.commit(create(n));
    if !n.is_multiple_of(3) {
        commit.await.unwrap();
        return Some(n);
    }
    tokio::select! {
        done = commit => done.ok().map(|()| n),
        () = async { for _ in 0..n % 40 { yield_now().await; } } => None,
    }
}

async fn names(look: &mut PgConnection, text: &'static str) -> BTreeSet<String> {
    let rows = sqlx::query_scalar::<_, String>(text)
        .fetch_all(look)
        .await
        .unwrap();
    let distinct: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(distinct.len(), rows.len(), "none twice");
    distinct
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_is_stored_with_its_audit_entry() {
    let db = fixture::postgres().await;
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    db.commit(ChangeSet::new().write(insert)).await.unwrap();
    let acknowledged = join_all((1..=WRITES).map(|n| write(&db, n))).await;
    let acknowledged: BTreeSet<String> = acknowledged
        .into_iter()
        .flatten()
        .map(|n| format!("tenant-{n}"))
        .collect();
    assert!(
        acknowledged.len() < usize::try_from(WRITES).unwrap(),
        "somebody must have hung up"
    );
    db.shutdown().await;
    let mut look = db.look().await;
    let stored = names(&mut look, "select name from tenants").await;
    let audited = names(&mut look, "select target_name from audit").await;
    let labelled = names(&mut look, "select name from labels").await;
    let asked = names(
        &mut look,
        "select t.name from work w join tenants t on t.id = w.id",
    )
    .await;
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(stored, audited);
    assert_eq!(stored, labelled);
    assert_eq!(stored, asked);
    let stuck = "select count(*) from pg_stat_activity where datname = current_database() \
                 and pid <> pg_backend_pid() and state like 'idle in transaction%'";
    let stuck = sqlx::query_scalar::<_, i64>(stuck)
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(stuck, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_left_in_a_transaction_while_the_store_lives() {
    let db = fixture::postgres().await;
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    db.commit(ChangeSet::new().write(insert)).await.unwrap();
    join_all((1..=WRITES).map(|n| write(&db, n * 3))).await;
    // The last of the queue: everything before it was answered by then.
    db.commit(create(WRITES * 3 + 1)).await.unwrap();
    let mut look = db.look().await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() \
                and pid <> pg_backend_pid() and state like 'idle in transaction%' \
                and state_change < clock_timestamp() - interval '2 seconds'";
    let open = sqlx::query_scalar::<_, i64>(open)
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(open, 0);
    let rows = sqlx::query_scalar::<_, i64>(
        "select count(*) from tenants t join audit a on a.target_name = t.name",
    );
    let (rows, all) = (
        rows.fetch_one(&mut look).await.unwrap(),
        sqlx::query_scalar::<_, i64>("select count(*) from tenants")
            .fetch_one(&mut look)
            .await
            .unwrap(),
    );
    assert_eq!(rows, all);
}
