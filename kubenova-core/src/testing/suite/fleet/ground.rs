//! A fleet under test.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::domain::cluster::Cluster;
use crate::ports::Fleet;
use crate::value::Secret;

/// Where something answers, and how its certificate is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As fleets keep it: https, host, port, path.
    pub url: String,
    /// PEM of its CA.
    pub ca_pem: Option<String>,
}

/// A fleet under test: the adapter, and what only a test has.
#[async_trait]
pub trait FleetGround: Send + Sync {
    /// The adapter.
    fn fleet(&self) -> &dyn Fleet;

    /// A kubeconfig of a cluster that answers and lets us do everything we need.
    fn good(&self) -> Secret;

    /// A kubeconfig of a cluster that does not answer.
    fn dead(&self) -> Secret;

    /// The own address of the cluster of [`FleetGround::good`].
    fn home(&self) -> Address;

    /// An address at which something answers that may be a proxy; with a CA.
    fn front(&self) -> Address;

    /// Keeps what is admitted where the fleet looks for it: this cluster, under the kubeconfig of [`FleetGround::good`].
    async fn register(&self, cluster: &Cluster);

    /// A registered cluster in whose place another one answers.
    async fn exchanged(&self) -> Cluster;

    /// A registered cluster whose proxy, one of kind custom, does not answer.
    async fn silenced(&self) -> Cluster;

    /// Every single value of a kubeconfig (YAML) by its path, e.g. `clusters.0.cluster.server`; fails for anything that
    /// is more than one document, or holds a key twice.
    fn values(&self, kubeconfig: &Secret) -> BTreeMap<String, String>;
}
