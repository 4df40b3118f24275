//! The clusters as a whole: from an id to what talks to it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::cluster::{Cluster, Proxy, ProxyKind};
use crate::error::FieldError;
use crate::ports::cluster::{ClusterClient, ClusterError, Inspection};
use crate::ports::proxy::ProxyBackend;
use crate::value::{ClusterId, Secret};

/// What talks to one cluster.
#[derive(Clone)]
pub struct Backends {
    /// The cluster.
    pub cluster: Arc<dyn ClusterClient>,
    /// Its access proxy, or the direct way.
    pub proxy: Arc<dyn ProxyBackend>,
}

impl std::fmt::Debug for Backends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backends(..)")
    }
}

/// A kubeconfig somebody wants to register, as he sent it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The YAML text, decoded from base64.
    pub kubeconfig: Secret,
    /// The address of an access proxy, as sent.
    pub proxy_url: Option<String>,
    /// PEM of its CA, as sent.
    pub proxy_ca: Option<String>,
    /// What it is said to be.
    pub proxy_kind: Option<ProxyKind>,
}

/// A kubeconfig that was parsed, rebuilt and tried.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Rebuilt from the allow-list: what is stored. Never the caller's text.
    pub kubeconfig: Secret,
    /// The access proxy, checked and rebuilt.
    pub proxy: Option<Proxy>,
    /// What a first look told; `missing_rights` is empty.
    pub inspection: Inspection,
}

/// Why a candidate was refused: one entry per fault. `field` is `kubeconfig`, `proxyUrl` or `proxyCa`; `reason` begins
/// with one of `format`, `forbidden`, `address`, `unreachable`, `tls`, `unauthorized`, `rights`, `identity`, then `: ` and
/// a sentence that quotes nothing of the text (contract, section 8).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cluster cannot be registered")]
pub struct Refusal(pub Vec<FieldError>);

/// From a cluster to its backends.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Fleet: Send + Sync {
    /// Parses, rebuilds and tries a kubeconfig under a deadline. Nothing of it is run, and no file is read.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn admit(&self, candidate: Candidate) -> Result<Admitted, Refusal>;

    /// The backends of a registered cluster; cached. They refuse every write when another cluster answers at its address.
    ///
    /// # Errors
    /// [`ClusterError::Unreachable`] where the credential cannot be read.
    async fn backends(&self, cluster: &Cluster) -> Result<Backends, ClusterError>;

    /// Drops what is cached of a cluster: clients, watches, credentials.
    fn forget(&self, cluster: ClusterId);
}
