//! The fleet on the real cluster against the suites of every fleet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use kubenova_core::change::{ChangeSet, Write};
use kubenova_core::domain::cluster::{Cluster, Proxy, ProxyKind};
use kubenova_core::ports::Fleet;
use kubenova_core::ports::store::Commit;
use kubenova_core::testing::build::a_cluster;
use kubenova_core::testing::clock::TestClock;
use kubenova_core::testing::suite::fleet::{Address, FleetGround};
use kubenova_core::value::Secret;
use kubenova_k8s::kubeconfig::parse;
use kubenova_k8s::{FleetOptions, KubeFleet};
use kubenova_store::memory::MemoryStore;

use crate::kit::kubeconfig;

kubenova_core::fleet_conformance!(conformance, real());

/// Nothing answers at the port of a service that no machine offers any more (tcpmux).
const SILENT: &str = "https://127.0.0.1:1";

struct RealGround {
    store: Arc<MemoryStore>,
    fleet: KubeFleet,
}

async fn real() -> Box<RealGround> {
    let store = Arc::new(MemoryStore::new(Arc::new(TestClock::new())));
    let options = FleetOptions {
        allow: vec![("127.0.0.0".parse().unwrap(), 8)],
        deadline: Duration::from_secs(10),
    };
    let fleet = KubeFleet::new(store.clone(), options);
    Box::new(RealGround { store, fleet })
}

impl RealGround {
    async fn keep(&self, cluster: &Cluster) {
        let write = Write::InsertCluster(Box::new(cluster.clone()), self.good());
        let changes = ChangeSet::new().write(write);
        // The suites register one cluster several times, behind different proxies.
        drop(self.store.commit(changes).await);
    }
}

fn flatten(value: &Value, path: &str, all: &mut BTreeMap<String, String>) {
    let below = |key: &str| {
        let dot = if path.is_empty() { "" } else { "." };
        format!("{path}{dot}{key}")
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, one)| flatten(one, &below(key), all)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(nth, one)| flatten(one, &below(&nth.to_string()), all));
        }
        Value::String(text) => drop(all.insert(path.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            drop(all.insert(path.to_owned(), value.to_string()));
        }
    }
}

#[async_trait]
impl FleetGround for RealGround {
    fn fleet(&self) -> &dyn Fleet {
        &self.fleet
    }

    fn good(&self) -> Secret {
        kubeconfig("kubenova")
    }

    fn dead(&self) -> Secret {
        let text = self.good().expose_str().unwrap().to_owned();
        let home = parse(&self.good()).unwrap().endpoint.url();
        assert!(text.contains(&home), "the address stands there as it is");
        Secret::new(text.replace(&home, SILENT))
    }

    fn home(&self) -> Address {
        let access = parse(&self.good()).unwrap();
        Address {
            url: access.endpoint.url(),
            ca_pem: access.ca_pem,
        }
    }

    /// The API server itself: what answers there is not the matter.
    fn front(&self) -> Address {
        self.home()
    }

    async fn register(&self, cluster: &Cluster) {
        self.keep(cluster).await;
    }

    async fn exchanged(&self) -> Cluster {
        let cluster = a_cluster().nth(2).identity("somebody-else").build();
        self.keep(&cluster).await;
        cluster
    }

    async fn silenced(&self) -> Cluster {
        let proxy = Proxy {
            kind: ProxyKind::Custom,
            url: SILENT.to_owned(),
            ca_pem: self.home().ca_pem,
        };
        let cluster = Cluster {
            proxy: Some(proxy),
            ..a_cluster().nth(3).build()
        };
        self.keep(&cluster).await;
        cluster
    }

    fn values(&self, kubeconfig: &Secret) -> BTreeMap<String, String> {
        let text = kubeconfig.expose_str().unwrap();
        let mut all = BTreeMap::new();
        flatten(&serde_saphyr::from_str(text).unwrap(), "", &mut all);
        all
    }
}
