//! A fleet of simulated clusters, one for each host name that is registered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::cluster::{Cluster, Proxy, ProxyKind};
use crate::error::FieldError;
use crate::ports::Clock;
use crate::ports::cluster::{ClusterError, ClusterProbe};
use crate::ports::fleet::{Admitted, Backends, Candidate, Fleet, Refusal};
use crate::simulation::{SimCluster, SimProxy};
use crate::value::ClusterId;

/// Clusters in memory. A "kubeconfig" is any text with `server: https://<name>.invalid`; the name is the cluster, made
/// when it is first mentioned.
pub struct SimFleet {
    clock: Arc<dyn Clock>,
    clusters: Mutex<BTreeMap<String, SimCluster>>,
}

impl std::fmt::Debug for SimFleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimFleet(..)")
    }
}

impl SimFleet {
    /// An empty fleet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            clusters: Mutex::new(BTreeMap::new()),
        }
    }

    /// A text that registers the simulated cluster of that name.
    pub fn kubeconfig_of(name: &str) -> String {
        format!("apiVersion: v1\nkind: Config\nserver: https://{name}.invalid\n")
    }

    /// The cluster of that name, for faults and inventories.
    pub fn cluster(&self, name: &str) -> SimCluster {
        let identity = format!("simulated-{name}");
        let fresh = || SimCluster::new(&identity, Arc::clone(&self.clock));
        self.clusters()
            .entry(identity.clone())
            .or_insert_with(fresh)
            .clone()
    }

    fn clusters(&self) -> MutexGuard<'_, BTreeMap<String, SimCluster>> {
        self.clusters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn host(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("server: https://")?;
    let (name, _) = rest.split_once(".invalid")?;
    crate::value::Name::parse(name).is_ok().then_some(name)
}

#[async_trait]
impl Fleet for SimFleet {
    async fn admit(&self, candidate: Candidate) -> Result<Admitted, Refusal> {
        let refuse = |class: &str, why: &str| {
            Refusal(vec![FieldError::new(
                "kubeconfig",
                format!("{class}: {why}"),
            )])
        };
        let name = candidate.kubeconfig.expose_str().and_then(host);
        let name =
            name.ok_or_else(|| refuse("format", "is no kubeconfig of a simulated cluster"))?;
        let inspection = self.cluster(name).inspect().await;
        let inspection =
            inspection.map_err(|_| refuse("unreachable", "the cluster cannot be reached"))?;
        let kind = candidate.proxy_kind.unwrap_or(ProxyKind::CapsuleProxy);
        let proxy = candidate.proxy_url.map(|url| Proxy {
            kind,
            url,
            ca_pem: candidate.proxy_ca,
        });
        Ok(Admitted {
            kubeconfig: candidate.kubeconfig.clone(),
            proxy,
            inspection,
        })
    }

    async fn backends(&self, cluster: &Cluster) -> Result<Backends, ClusterError> {
        let found = self.clusters().get(&cluster.identity).cloned();
        let found = found.ok_or(ClusterError::Unreachable)?;
        let kind = cluster
            .proxy
            .as_ref()
            .map_or(ProxyKind::Direct, |proxy| proxy.kind);
        Ok(Backends {
            cluster: Arc::new(found),
            proxy: Arc::new(SimProxy::new(kind)),
        })
    }

    fn forget(&self, _cluster: ClusterId) {}
}
