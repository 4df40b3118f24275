//! The fleet in memory against the suites of every fleet.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use kubenova_core::domain::cluster::{Cluster, Proxy, ProxyKind};
use kubenova_core::ports::Fleet;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::simulation::SimFleet;
use kubenova_core::testing::build::a_cluster;
use kubenova_core::testing::clock::TestClock;
use kubenova_core::testing::suite::fleet::{Address, FleetGround};
use kubenova_core::value::Secret;

kubenova_core::fleet_conformance!(conformance, sim());

struct SimGround {
    fleet: SimFleet,
}

async fn sim() -> Box<SimGround> {
    let fleet = SimFleet::new(Arc::new(TestClock::new()));
    fleet.cluster("dead").fail(Some(ClusterError::Unreachable));
    Box::new(SimGround { fleet })
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
impl FleetGround for SimGround {
    fn fleet(&self) -> &dyn Fleet {
        &self.fleet
    }

    fn good(&self) -> Secret {
        Secret::new(SimFleet::kubeconfig_of("cluster-1"))
    }

    fn dead(&self) -> Secret {
        Secret::new(SimFleet::kubeconfig_of("dead"))
    }

    fn home(&self) -> Address {
        let url = format!("https://{}.invalid:443", a_cluster().build().name);
        Address { url, ca_pem: None }
    }

    fn front(&self) -> Address {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        Address {
            url: "https://proxy.example.com:9001".to_owned(),
            ca_pem: Some(pem.to_owned()),
        }
    }

    /// The simulation finds its clusters by their identities.
    async fn register(&self, _: &Cluster) {}

    async fn exchanged(&self) -> Cluster {
        let identity = self.fleet.cluster("old").identity().to_owned();
        self.fleet.exchange("old");
        a_cluster().nth(2).identity(&identity).build()
    }

    async fn silenced(&self) -> Cluster {
        let cluster = self.fleet.cluster("dead");
        let Address { url, ca_pem } = self.front();
        let kind = ProxyKind::Custom;
        Cluster {
            proxy: Some(Proxy { kind, url, ca_pem }),
            ..a_cluster().nth(3).identity(cluster.identity()).build()
        }
    }

    /// JSON after a line of comment, both of which are YAML.
    fn values(&self, kubeconfig: &Secret) -> BTreeMap<String, String> {
        let text = kubeconfig.expose_str().unwrap();
        let (comment, json) = text.split_once('\n').unwrap();
        assert!(comment.starts_with('#'));
        let mut all = BTreeMap::new();
        flatten(&serde_json::from_str(json).unwrap(), "", &mut all);
        all
    }
}
