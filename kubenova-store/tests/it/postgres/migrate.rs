//! Migrations.

use kubenova_core::ports::store::Health as _;
use kubenova_store::postgres::{PgOptions, PgStore};
use kubenova_store::seal::{Keyring, generate_key_file_contents};

use crate::fixture;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_processes_may_migrate() {
    let url = fixture::bare_database().await;
    let key = generate_key_file_contents().unwrap();
    let keyring = Keyring::parse([key.expose_str().unwrap()]).unwrap();
    let store = PgStore::connect(&url, PgOptions::default(), keyring)
        .await
        .unwrap();
    let before = store.health().await.unwrap();
    assert_eq!(before.migration, Some(0));
    assert_ne!(before.migration, before.expected);
    let (first, second) = tokio::join!(PgStore::migrate(&url), PgStore::migrate(&url));
    first.unwrap();
    second.unwrap();
    PgStore::migrate(&url).await.unwrap();
    let after = store.health().await.unwrap();
    assert_eq!(after.migration, after.expected);
}
