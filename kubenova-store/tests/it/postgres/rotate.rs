//! Rotation of sealing keys: complete, resumable, beside writers, and nothing is unreadable at any time.

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::ports::store::{ClusterReads as _, Commit as _, StoreError};
use kubenova_core::testing::build::a_cluster;
use kubenova_core::value::{ClusterId, Secret};
use kubenova_store::postgres::{PgOptions, PgStore, Rotated};
use kubenova_store::seal::{Keyring, generate_key_file_contents};

use crate::fixture;

fn fresh_key() -> String {
    let made = generate_key_file_contents().unwrap();
    made.expose_str().unwrap().to_owned()
}

async fn open(url: &str, keys: &[&str]) -> PgStore {
    let ring = Keyring::parse(keys.iter().copied()).unwrap();
    PgStore::connect(url, PgOptions::default(), ring)
        .await
        .unwrap()
}

fn register(n: u128) -> ChangeSet {
    let cluster = Box::new(a_cluster().nth(n).build());
    ChangeSet::new().write(Write::InsertCluster(
        cluster,
        Secret::new(format!("kept-{n}")),
    ))
}

#[tokio::test]
async fn attack_127_rotation_beside_a_writer_leaves_every_row_readable_and_the_old_key_may_go() {
    let old = fixture::postgres().await;
    for n in 1..=150 {
        old.commit(register(n)).await.unwrap();
    }
    let new_key = fresh_key();
    let both = open(&old.url, &[&new_key, &old.key]).await;
    let write = async {
        for n in 151..=200 {
            both.commit(register(n)).await.unwrap();
            let read = both.credential(ClusterId::nth(n - 150)).await.unwrap();
            assert!(read.is_some(), "readable while keys rotate");
        }
    };
    let (first, second, ()) = tokio::join!(both.rotate_keys(), both.rotate_keys(), write);
    let rewrapped = first.unwrap().rewrapped + second.unwrap().rewrapped;
    assert_eq!(rewrapped, 150, "each row once, by one of the two");
    let again = both.rotate_keys().await.unwrap();
    let all_done = Rotated {
        rewrapped: 0,
        unchanged: 200,
    };
    assert_eq!(again, all_done);
    let new = open(&old.url, &[&new_key]).await;
    for n in 1..=200 {
        let read = new.credential(ClusterId::nth(n)).await.unwrap().unwrap();
        assert_eq!(read.expose_str(), Some(format!("kept-{n}").as_str()));
    }
}

#[tokio::test]
async fn attack_127_a_rotation_that_stopped_goes_on_and_a_row_without_a_key_is_named() {
    let old = fixture::postgres().await;
    for n in 1..=3 {
        old.commit(register(n)).await.unwrap();
    }
    let (new_key, stranger) = (fresh_key(), fresh_key());
    let foreign = open(&old.url, &[&stranger]).await;
    foreign.commit(register(4)).await.unwrap();
    let both = open(&old.url, &[&new_key, &old.key]).await;
    let refused = both.rotate_keys().await.unwrap_err();
    let named = ClusterId::nth(4).to_string();
    assert!(
        matches!(&refused, StoreError::Corrupt(why) if why.contains(&named)),
        "{refused:?}"
    );
    let all = open(&old.url, &[&new_key, &old.key, &stranger]).await;
    let resumed = all.rotate_keys().await.unwrap();
    assert_eq!(resumed.rewrapped + resumed.unchanged, 4);
    assert!(resumed.rewrapped >= 1, "the row that was left");
}
