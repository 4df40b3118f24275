//! A registered cluster: what was asked of it and how far it is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::access::Target;
use crate::access::guard::Guarded;
use crate::error::Noun;
use crate::value::{ClusterId, Generation, Labels, Name, Status};

/// A platform part that `bootstrap` verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Capsule.
    Tenancy,
    /// The access proxy.
    Proxy,
}

impl Part {
    /// The word in the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenancy => "tenancy",
            Self::Proxy => "proxy",
        }
    }

    /// Reads the word in the path.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Tenancy, Self::Proxy]
            .into_iter()
            .find(|p| p.as_str() == text)
    }
}

/// What stands between kubeconfigs and the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// Nothing: the cluster's own address.
    Direct,
    /// A capsule-proxy.
    CapsuleProxy,
    /// Some other address that forwards to the API server.
    Custom,
}

impl ProxyKind {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::CapsuleProxy => "capsule-proxy",
            Self::Custom => "custom",
        }
    }

    /// The word in a grant's `endpoint`.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::CapsuleProxy => "proxy",
            Self::Custom => "custom",
        }
    }

    /// Reads the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Direct, Self::CapsuleProxy, Self::Custom]
            .into_iter()
            .find(|k| k.as_str() == text)
    }
}

/// Where issued kubeconfigs point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it is; never [`ProxyKind::Direct`].
    pub kind: ProxyKind,
    /// `https://host[:port][/path]`, checked and rebuilt.
    pub url: String,
    /// PEM of the CA that signed its certificate; `None` for the roots the client's system trusts.
    pub ca_pem: Option<String>,
}

/// Why and how a cluster leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// When it was asked for.
    pub at: Timestamp,
    /// Let go of what is there instead of demanding that nothing is.
    pub orphan: bool,
}

/// A registered cluster. Its kubeconfig is not here: adapters fetch it through
/// [`ClusterReads::credential`](crate::ports::store::ClusterReads::credential).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Our id.
    pub id: ClusterId,
    /// Unique in the installation.
    pub name: Name,
    /// For people; empty when none was given.
    pub display_name: String,
    /// The caller's labels.
    pub labels: Labels,
    /// Registration time.
    pub created_at: Timestamp,
    /// Version of the intent.
    pub generation: Generation,
    /// UID of its `kube-system` namespace: what "the same cluster" means.
    pub identity: String,
    /// `gitVersion` of its API server when last seen.
    pub kubernetes_version: String,
    /// Where kubeconfigs point to; `None` is the API server itself.
    pub proxy: Option<Proxy>,
    /// Parts that were asked for.
    pub parts: BTreeSet<Part>,
    /// Set while it is on its way out.
    pub deleting: Option<Departure>,
    /// What reconcilers report.
    pub status: Status,
}

impl Guarded for Cluster {
    const NOUN: Noun = Noun::Cluster;

    fn target(&self) -> Target {
        Target::Cluster(self.id)
    }
}

/// Names of conditions (contract, operation 9).
pub mod conditions {
    /// The API server answers, and it is the registered cluster.
    pub const REACHABLE: &str = "Reachable";
    /// We control it: our rights suffice.
    pub const AGENT_READY: &str = "AgentReady";
    /// Capsule works for us.
    pub const TENANCY_READY: &str = "TenancyReady";
    /// The access proxy behaves.
    pub const PROXY_READY: &str = "ProxyReady";
    /// KubeVela works for us.
    pub const DELIVERY_READY: &str = "DeliveryReady";
    /// All parts that were asked for are ready.
    pub const ADDONS_READY: &str = "AddonsReady";
    /// Tenants, projects: the cluster equals the intent.
    pub const READY: &str = "Ready";
    /// Tenants, projects: the last foreign change and its repair.
    pub const DRIFT: &str = "DriftRepaired";
}
