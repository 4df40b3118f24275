//! What stands between issued kubeconfigs and the API server.

use async_trait::async_trait;

use crate::domain::cluster::ProxyKind;
use crate::ports::cluster::{ClusterError, Report};
use crate::value::{Name, Secret};

/// What a kubeconfig is made of, besides the address and CA that the backend knows.
#[derive(Debug, Clone)]
pub struct KubeconfigParts {
    /// Name of the one cluster and context, e.g. the cluster's name.
    pub cluster_name: Name,
    /// Name of the one user.
    pub user_name: String,
    /// Namespace of the context; `None` for the whole tenant.
    pub namespace: Option<Name>,
    /// The bearer token.
    pub token: Secret,
}

/// An access proxy, or none.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ProxyBackend: Send + Sync {
    /// What it is.
    fn kind(&self) -> ProxyKind;

    /// A kubeconfig (YAML) with one cluster, user and context, https, the CA, and no switch that weakens TLS.
    ///
    /// # Errors
    /// [`ClusterError`] where the address or CA cannot be told.
    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError>;

    /// Whether it behaves: by what it does, never by what it says.
    ///
    /// # Errors
    /// [`ClusterError`].
    async fn verify(&self) -> Result<Report, ClusterError>;
}
