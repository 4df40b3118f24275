//! A fleet of simulated clusters, one for each host name that is registered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::cluster::{Cluster, Proxy, ProxyKind};
use crate::error::FieldError;
use crate::ports::Clock;
use crate::ports::cluster::{ClusterError, ClusterProbe};
use crate::ports::fleet::{Admitted, Backends, Candidate, Fleet, Refusal};
use crate::simulation::{SimCluster, SimProxy, address};
use crate::value::ClusterId;

/// Clusters in memory. A "kubeconfig" is any text with `server: https://<name>.invalid`; the name is the cluster, made
/// when it is first mentioned.
pub struct SimFleet {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
}

#[derive(Default)]
struct World {
    /// By identity, those that are no longer reached included.
    clusters: BTreeMap<String, SimCluster>,
    /// How often the cluster behind a name has been exchanged.
    exchanged: BTreeMap<String, u32>,
    known: BTreeMap<ClusterId, (Option<Proxy>, Backends)>,
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
            world: Mutex::default(),
        }
    }

    /// A text that registers the simulated cluster of that name.
    pub fn kubeconfig_of(name: &str) -> String {
        format!("apiVersion: v1\nkind: Config\nserver: https://{name}.invalid\n")
    }

    /// The cluster of that name, for faults and inventories.
    pub fn cluster(&self, name: &str) -> SimCluster {
        let mut world = self.world();
        let identity = match world.exchanged.get(name) {
            None => format!("simulated-{name}"),
            Some(times) => format!("simulated-{name}-{times}"),
        };
        let fresh = || SimCluster::new(&identity, Arc::clone(&self.clock));
        world
            .clusters
            .entry(identity.clone())
            .or_insert_with(fresh)
            .clone()
    }

    /// From now on another, empty cluster answers under that name.
    pub fn exchange(&self, name: &str) {
        let old = self.cluster(name);
        *self.world().exchanged.entry(name.to_owned()).or_default() += 1;
        old.replace_by(self.cluster(name).identity());
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn host(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("server: https://")?;
    let (name, _) = rest.split_once(".invalid")?;
    crate::value::Name::parse(name).is_ok().then_some(name)
}

fn refuse(field: &str, class: &str, why: &str) -> Refusal {
    Refusal(vec![FieldError::new(field, format!("{class}: {why}"))])
}

/// By the same rules as a real fleet, but nothing is asked there.
fn proxy(candidate: &Candidate) -> Result<Option<Proxy>, Refusal> {
    let Some(url) = &candidate.proxy_url else {
        let stray = candidate.proxy_ca.is_some() || candidate.proxy_kind.is_some();
        let why = "is required with proxyCa or proxyKind";
        return if stray {
            Err(refuse("proxyUrl", "format", why))
        } else {
            Ok(None)
        };
    };
    let url = address::rebuilt(url).map_err(|(class, why)| refuse("proxyUrl", class, why))?;
    let ca_pem = match &candidate.proxy_ca {
        None => None,
        Some(text) => {
            let why = "proxyCa holds no PEM certificates";
            let found = address::certificates(text);
            Some(found.ok_or_else(|| refuse("proxyCa", "format", why))?)
        }
    };
    let kind = candidate.proxy_kind.unwrap_or(ProxyKind::CapsuleProxy);
    if kind == ProxyKind::Direct {
        let why = "must not be given for a direct cluster";
        return Err(refuse("proxyUrl", "format", why));
    }
    Ok(Some(Proxy { kind, url, ca_pem }))
}

#[async_trait]
impl Fleet for SimFleet {
    async fn admit(&self, candidate: Candidate) -> Result<Admitted, Refusal> {
        let why = "is no kubeconfig of a simulated cluster";
        let name = candidate.kubeconfig.expose_str().and_then(host);
        let name = name.ok_or_else(|| refuse("kubeconfig", "format", why))?;
        let proxy = proxy(&candidate)?;
        let inspection = self.cluster(name).inspect().await;
        let why = "the cluster cannot be reached";
        let inspection = inspection.map_err(|_| refuse("kubeconfig", "unreachable", why))?;
        Ok(Admitted {
            kubeconfig: candidate.kubeconfig.clone(),
            proxy,
            inspection,
        })
    }

    async fn backends(&self, cluster: &Cluster) -> Result<Backends, ClusterError> {
        let mut world = self.world();
        if let Some((proxy, known)) = world.known.get(&cluster.id)
            && *proxy == cluster.proxy
        {
            return Ok(known.clone());
        }
        let found = world.clusters.get(&cluster.identity).cloned();
        let found = found.ok_or(ClusterError::Unreachable)?;
        let made = Backends {
            proxy: Arc::new(SimProxy::new(
                &cluster.name,
                cluster.proxy.clone(),
                found.clone(),
            )),
            cluster: Arc::new(found),
        };
        world
            .known
            .insert(cluster.id, (cluster.proxy.clone(), made.clone()));
        Ok(made)
    }

    fn forget(&self, cluster: ClusterId) {
        self.world().known.remove(&cluster);
    }
}
