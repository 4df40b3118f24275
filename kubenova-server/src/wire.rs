//! The one file that names adapters and services together.

mod system;

use std::{fs, path::PathBuf, sync::Arc};

use zeroize::Zeroizing;

use kubenova_core::{
    domain::service::Ports,
    ports::{
        Clock, Fleet, Ids, Store,
        store::{ClusterReads as _, Health as _, StoreError},
    },
    value::Secret,
};
use kubenova_k8s::{FleetOptions, KubeFleet};
use kubenova_store::{
    memory::MemoryStore,
    postgres::{PgOptions, PgStore},
    seal::{Keyring, generate_key_file_contents},
};

use crate::{
    auth::{self, SigningKey},
    cli::StartError,
    config::{Backend, Config, StoreUrl},
    listen,
};

pub use system::{SystemClock, SystemIds};

/// The adapters, and what must be closed with them.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// What use cases and reconcilers stand on.
    pub(crate) ports: Ports,
    postgres: Option<Arc<PgStore>>,
}

impl Opened {
    /// Finishes what was begun and gives connections back.
    pub(crate) async fn close(&self) {
        if let Some(postgres) = &self.postgres {
            postgres.shutdown().await;
        }
    }
}

/// Opens the store, brings it to the expected version where that is asked for, and puts the fleet beside it.
///
/// # Errors
/// [`StartError`] naming the key or dependency at fault.
pub(crate) async fn open(config: &Config) -> Result<Opened, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(SystemIds);
    let (store, postgres): (Arc<dyn Store>, _) = match &config.store.url {
        StoreUrl::Memory => (Arc::new(MemoryStore::new(Arc::clone(&clock))), None),
        StoreUrl::Postgres(url) => {
            let postgres = Arc::new(open_postgres(config, url).await?);
            (postgres.clone(), Some(postgres))
        }
        StoreUrl::Unusable => return Err(StartError::new("store.url", "not usable")),
    };
    let fleet = fleet(config, &store, &clock)?;
    Ok(Opened {
        ports: Ports {
            store,
            fleet,
            clock,
            ids,
        },
        postgres,
    })
}

/// A database at the expected version, whose secrets our keys open.
async fn open_postgres(config: &Config, url: &str) -> Result<PgStore, StartError> {
    let missing = || StartError::new("seal.key_files", "required with Postgres");
    let keyring = keyring(config)?.ok_or_else(missing)?;
    if config.store.migrate {
        migrate(config).await?;
    }
    // The store has a few connections of its own beside those that can be counted.
    let max_connections = config
        .store
        .max_connections
        .saturating_sub(PgOptions::EXTRA_CONNECTIONS);
    let limits = PgOptions {
        max_connections,
        ..PgOptions::default()
    };
    let store = PgStore::connect(url, limits, keyring)
        .await
        .map_err(|e| away(&e))?;
    let health = store.health().await.map_err(|e| away(&e))?;
    if health.migration != health.expected {
        let why = "the schema has another version than this build expects: run `migrate`";
        return Err(StartError::new("store.migrate", why));
    }
    check_keys(&store).await?;
    Ok(store)
}

/// Refuses to start with keys that do not open what is stored.
async fn check_keys(store: &PgStore) -> Result<(), StartError> {
    for cluster in store.cluster_ids().await.map_err(|e| away(&e))? {
        match store.credential(cluster).await {
            Ok(_) => {}
            Err(StoreError::Corrupt(_)) => {
                let why =
                    format!("the credential of cluster {cluster} does not open with these keys");
                return Err(StartError::new("seal.key_files", why));
            }
            Err(error @ StoreError::Away(_)) => return Err(away(&error)),
        }
    }
    Ok(())
}

fn away(error: &(dyn std::error::Error + 'static)) -> StartError {
    StartError::because("store.url", error)
}

/// What stands behind clusters.
fn fleet(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Fleet>, StartError> {
    match config.clusters.backend {
        Backend::Kubernetes => {
            let allow = config
                .clusters
                .allow_cidrs
                .iter()
                .map(|cidr| (cidr.address, cidr.bits));
            let options = FleetOptions {
                allow: allow.collect(),
                deadline: config.clusters.deadline,
            };
            Ok(Arc::new(KubeFleet::new(Arc::clone(store), options)))
        }
        Backend::Simulated => simulated(clock),
    }
}

#[cfg(feature = "simulated")]
#[expect(clippy::unnecessary_wraps, reason = "the other build refuses")]
fn simulated(clock: &Arc<dyn Clock>) -> Result<Arc<dyn Fleet>, StartError> {
    Ok(Arc::new(kubenova_core::simulation::SimFleet::new(
        Arc::clone(clock),
    )))
}

#[cfg(not(feature = "simulated"))]
fn simulated(_: &Arc<dyn Clock>) -> Result<Arc<dyn Fleet>, StartError> {
    Err(StartError::new(
        "clusters.backend",
        "this build has no simulated clusters (feature `simulated`)",
    ))
}

/// Brings the database to the version this build expects.
///
/// # Errors
/// [`StartError`] naming the dependency.
pub(crate) async fn migrate(config: &Config) -> Result<(), StartError> {
    match &config.store.url {
        StoreUrl::Memory => Err(StartError::new(
            "store.url",
            "the memory store has no versions",
        )),
        StoreUrl::Postgres(url) => PgStore::migrate(url).await.map_err(|e| away(&e)),
        StoreUrl::Unusable => Err(StartError::new("store.url", "not usable")),
    }
}

/// Puts every sealed row under the newest key, and says so in a sentence.
///
/// # Errors
/// [`StartError`] naming the key or dependency at fault.
pub(crate) async fn rotate(config: &Config) -> Result<String, StartError> {
    let StoreUrl::Postgres(url) = &config.store.url else {
        let why = "only what Postgres keeps is sealed: there is nothing to rotate";
        return Err(StartError::new("store.url", why));
    };
    let store = open_postgres(config, url).await?;
    let rotated = store.rotate_keys().await;
    store.shutdown().await;
    let rotated = rotated.map_err(|e| away(&e))?;
    Ok(format!(
        "{} sealed again under the newest key, {} were so already",
        rotated.rewrapped, rotated.unchanged
    ))
}

/// What signs and verifies tokens.
///
/// # Errors
/// [`StartError`] naming the key file.
pub(crate) fn signer(config: &Config) -> Result<auth::Tokens, StartError> {
    let key = match &config.auth.signing_key_file {
        Some(path) => SigningKey::from_file(path),
        None => SigningKey::generate(),
    };
    let key = key.map_err(|error| StartError::new("auth.signing_key_file", error))?;
    Ok(auth::Tokens::new(
        key,
        &config.auth.issuer,
        &config.auth.audience,
    ))
}

/// TLS of the API, where it is configured.
///
/// # Errors
/// [`StartError`] naming the file at fault.
pub(crate) fn tls(config: &Config) -> Result<Option<tokio_rustls::TlsAcceptor>, StartError> {
    let (Some(cert), Some(key)) = (&config.http.tls_cert, &config.http.tls_key) else {
        return Ok(None);
    };
    let acceptor = listen::acceptor(cert, key);
    acceptor
        .map(Some)
        .map_err(|error| StartError::new("http", error))
}

/// The keys that seal kubeconfigs, newest first; `None` where none is configured.
fn keyring(config: &Config) -> Result<Option<Keyring>, StartError> {
    let key = "seal.key_files";
    let read = |path: &PathBuf| fs::read_to_string(path).map(Zeroizing::new);
    let named =
        |path: &PathBuf, error| StartError::new(key, format!("{}: {error}", path.display()));
    let files = config
        .seal
        .key_files
        .iter()
        .map(|path| read(path).map_err(|e| named(path, e)));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    if files.is_empty() {
        return Ok(None);
    }
    let keyring = Keyring::parse(files.iter().map(|text| text.as_str()));
    keyring
        .map(Some)
        .map_err(|error| StartError::because(key, &error))
}

/// Reads every file that the configuration names, as `serve` would.
///
/// # Errors
/// [`StartError`] naming the key at fault.
pub(crate) fn check(config: &Config) -> Result<(), StartError> {
    signer(config)?;
    tls(config)?;
    keyring(config)?;
    Ok(())
}

/// A fresh sealing key as the text of its file.
///
/// # Errors
/// [`StartError`] without randomness.
pub(crate) fn fresh_seal_key() -> Result<Secret, StartError> {
    generate_key_file_contents().map_err(|error| StartError::because("key", &error))
}
