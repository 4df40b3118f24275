//! The cluster's own address.

use async_trait::async_trait;

use kubenova_core::domain::cluster::ProxyKind;
use kubenova_core::ports::cluster::{ClusterError, Report};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::Secret;

use crate::kubeconfig::{Endpoint, issue};

/// Kubeconfigs point to the API server, with the CA that was registered.
#[derive(Debug, Clone)]
pub struct DirectProxy {
    endpoint: Endpoint,
    ca_pem: Option<String>,
}

impl DirectProxy {
    /// Of the registered address and CA.
    pub const fn new(endpoint: Endpoint, ca_pem: Option<String>) -> Self {
        Self { endpoint, ca_pem }
    }
}

#[async_trait]
impl ProxyBackend for DirectProxy {
    fn kind(&self) -> ProxyKind {
        ProxyKind::Direct
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        issue::kubeconfig(&parts, &self.endpoint, self.ca_pem.as_deref())
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        let message = "no access proxy is registered; kubeconfigs use the cluster's own address, where a list of namespaces is refused";
        Ok(Report {
            ready: true,
            reason: "Direct",
            message: message.to_owned(),
        })
    }
}
