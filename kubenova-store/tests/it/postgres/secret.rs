//! Kubeconfigs at rest: sealed in every table, and opened by their key alone.

use sqlx::AssertSqlSafe;

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::ports::store::{ClusterReads as _, Commit as _, StoreError};
use kubenova_core::testing::build::{a_change, a_cluster};
use kubenova_core::value::{ClusterId, Secret};
use kubenova_store::postgres::{PgOptions, PgStore};
use kubenova_store::seal::{Keyring, generate_key_file_contents};

use crate::fixture;

const CANARY: &str = "canary-of-a-kubeconfig";

#[tokio::test]
async fn attack_canary_no_kubeconfig_is_in_the_database() {
    let db = fixture::postgres().await;
    let insert = |n| {
        let cluster = Box::new(a_cluster().nth(n).build());
        Write::InsertCluster(cluster, Secret::new(CANARY))
    };
    db.commit(a_change("cluster").write(insert(1)).write(insert(2)))
        .await
        .unwrap();
    // A refusal must not carry it away either.
    let refused = db
        .commit(ChangeSet::new().write(insert(1)))
        .await
        .unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains(CANARY));
    let mut look = db.look().await;
    let tables = "select format('%I.%I', table_schema, table_name) from information_schema.tables \
                  where table_schema = 'public' and table_type = 'BASE TABLE'";
    let tables = sqlx::query_scalar::<_, String>(tables)
        .fetch_all(&mut look)
        .await
        .unwrap();
    assert!(tables.len() > 8, "{tables:?}");
    for table in tables {
        let dump = AssertSqlSafe(format!("select t::text from {table} t"));
        for row in sqlx::query_scalar::<_, String>(dump)
            .fetch_all(&mut look)
            .await
            .unwrap()
        {
            let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!row.contains(CANARY) && !row.contains(&hex), "{table}");
        }
    }
    let opened = db.credential(ClusterId::nth(2)).await.unwrap().unwrap();
    assert_eq!(opened.expose_str(), Some(CANARY));
}

#[tokio::test]
async fn a_kubeconfig_opens_under_its_key_and_in_its_row_only() {
    let db = fixture::postgres().await;
    let insert = |n| {
        let cluster = Box::new(a_cluster().nth(n).build());
        Write::InsertCluster(cluster, Secret::new(CANARY))
    };
    db.commit(ChangeSet::new().write(insert(1)).write(insert(2)))
        .await
        .unwrap();
    let other = generate_key_file_contents().unwrap();
    let ring = Keyring::parse([other.expose_str().unwrap()]).unwrap();
    let stranger = PgStore::connect(&db.url, PgOptions::default(), ring)
        .await
        .unwrap();
    let refused = stranger.credential(ClusterId::nth(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains(CANARY));
    let mut look = db.look().await;
    let swap = "update clusters set kubeconfig = (select kubeconfig from clusters where name = 'cluster-2') \
                where name = 'cluster-1'";
    sqlx::query(swap).execute(&mut look).await.unwrap();
    let refused = db.credential(ClusterId::nth(1)).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Corrupt(_)),
        "of another row: {refused:?}"
    );
    assert!(db.credential(ClusterId::nth(2)).await.unwrap().is_some());
}
