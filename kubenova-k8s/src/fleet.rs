//! The fleet on real clusters: admission of kubeconfigs, and one set of backends per cluster.

mod admit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use kubenova_core::domain::cluster::{Cluster, Proxy, ProxyKind};
use kubenova_core::ports::Store;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::ports::fleet::{Admitted, Backends, Candidate, Fleet, Refusal};
use kubenova_core::ports::proxy::ProxyBackend;
use kubenova_core::ports::store::ClusterReads;
use kubenova_core::value::ClusterId;

use crate::client::{ClientOptions, connect_to};
use crate::kubeconfig::{AddressPolicy, ClusterAccess, Endpoint, parse};
use crate::proxy::{CapsuleProxy, CustomProxy, DirectProxy};
use crate::tenancy::KubeCluster;

/// How clusters are reached.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// Ranges that are allowed although refused by default: address and leading bits.
    pub allow: Vec<(std::net::IpAddr, u8)>,
    /// Every single call ends within this.
    pub deadline: Duration,
}

/// Clusters behind kubeconfigs that a store keeps.
pub struct KubeFleet {
    store: Arc<dyn Store>,
    options: ClientOptions,
    known: Mutex<HashMap<ClusterId, (Option<Proxy>, Backends)>>,
}

impl std::fmt::Debug for KubeFleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KubeFleet(..)")
    }
}

impl KubeFleet {
    /// A fleet over the store's clusters.
    pub fn new(store: Arc<dyn Store>, options: FleetOptions) -> Self {
        let options = ClientOptions::new(AddressPolicy::new(options.allow), options.deadline);
        Self {
            store,
            options,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ClusterId, (Option<Proxy>, Backends)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn access(&self, id: ClusterId) -> Result<ClusterAccess, ClusterError> {
        let stored = ClusterReads::credential(&*self.store, id).await.map_err(|failure| {
            tracing::error!(cluster.id = %id, error = %failure, "Could not read the credential of a cluster");
            ClusterError::Unreachable
        })?;
        let stored = stored.ok_or(ClusterError::Unreachable)?;
        parse(&stored).map_err(|_| ClusterError::BadAnswer)
    }

    fn proxy(
        &self,
        cluster: &Cluster,
        access: &ClusterAccess,
        client: &KubeCluster,
    ) -> Result<Arc<dyn ProxyBackend>, ClusterError> {
        let Some(proxy) = &cluster.proxy else {
            return Ok(Arc::new(DirectProxy::new(
                access.endpoint.clone(),
                access.ca_pem.clone(),
            )));
        };
        let endpoint = Endpoint::parse(&proxy.url).map_err(|_| ClusterError::BadAnswer)?;
        let custom = CustomProxy::new(endpoint, proxy.ca_pem.clone(), self.options.clone());
        Ok(match proxy.kind {
            ProxyKind::CapsuleProxy => {
                Arc::new(CapsuleProxy::new(custom, client.clone(), cluster.id))
            }
            ProxyKind::Custom | ProxyKind::Direct => Arc::new(custom),
        })
    }
}

#[async_trait]
impl Fleet for KubeFleet {
    async fn admit(&self, candidate: Candidate) -> Result<Admitted, Refusal> {
        admit::admit(&self.options, candidate).await
    }

    async fn backends(&self, cluster: &Cluster) -> Result<Backends, ClusterError> {
        if let Some((proxy, known)) = self.known().get(&cluster.id)
            && *proxy == cluster.proxy
        {
            return Ok(known.clone());
        }
        let access = self.access(cluster.id).await?;
        let client = connect_to(&access, &self.options, &cluster.identity)?;
        let client = KubeCluster::new(client, &cluster.identity, self.options.deadline);
        let proxy = self.proxy(cluster, &access, &client)?;
        let made = Backends {
            cluster: Arc::new(client),
            proxy,
        };
        // Two callers may build at once; the first one's stays, so that all share one memory of own writes.
        let mut known = self.known();
        let kept = known
            .entry(cluster.id)
            .or_insert_with(|| (cluster.proxy.clone(), made.clone()));
        if kept.0 != cluster.proxy {
            *kept = (cluster.proxy.clone(), made);
        }
        Ok(kept.1.clone())
    }

    fn forget(&self, cluster: ClusterId) {
        self.known().remove(&cluster);
    }
}
