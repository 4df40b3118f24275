//! Some other address that forwards to the API server.

use async_trait::async_trait;

use kubenova_core::domain::cluster::ProxyKind;
use kubenova_core::ports::cluster::{ClusterError, Report};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::Secret;

use crate::client::{ClientOptions, connect, quietly};
use crate::kubeconfig::{ClusterAccess, Credential, Endpoint, issue};
use crate::tenancy::call::classify;

/// Kubeconfigs point to the registered address, with the registered CA.
#[derive(Debug, Clone)]
pub struct CustomProxy {
    pub(super) endpoint: Endpoint,
    pub(super) ca_pem: Option<String>,
    pub(super) options: ClientOptions,
}

impl CustomProxy {
    /// Of the registered address and CA.
    pub const fn new(endpoint: Endpoint, ca_pem: Option<String>, options: ClientOptions) -> Self {
        Self {
            endpoint,
            ca_pem,
            options,
        }
    }

    /// A client of the proxy that shows this credential; never ours, which the proxy must not see.
    pub(super) fn client(&self, credential: Credential) -> Result<kube::Client, ClusterError> {
        let access = ClusterAccess {
            endpoint: self.endpoint.clone(),
            ca_pem: self.ca_pem.clone(),
            tls_server_name: None,
            credential,
        };
        connect(&access, &self.options)
    }

    /// Whether something with the registered certificate answers; what it answers to nobody does not matter.
    pub(super) async fn answers(&self) -> Result<(), ClusterError> {
        let client = self.client(Credential::Anonymous)?;
        let call = client.apiserver_version();
        let answer = tokio::time::timeout(self.options.deadline, quietly(call)).await;
        match answer.map_err(|_| ClusterError::Unreachable)? {
            Ok(_) => Ok(()),
            Err(err) => match classify(&err, "get version") {
                refusal @ (ClusterError::Tls | ClusterError::Unreachable) => Err(refusal),
                ClusterError::IdentityChanged
                | ClusterError::Unauthorized
                | ClusterError::Forbidden { .. }
                | ClusterError::Denied { .. }
                | ClusterError::WebhookDown
                | ClusterError::Missing(_)
                | ClusterError::Conflict
                | ClusterError::BadAnswer => Ok(()),
            },
        }
    }
}

/// What a proxy that does not answer is reported as.
pub(super) fn silent(err: &ClusterError) -> Report {
    Report {
        ready: false,
        reason: err.reason(),
        message: format!("the access proxy: {err}"),
    }
}

#[async_trait]
impl ProxyBackend for CustomProxy {
    fn kind(&self) -> ProxyKind {
        ProxyKind::Custom
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        issue::kubeconfig(&parts, &self.endpoint, self.ca_pem.as_deref())
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        Ok(match self.answers().await {
            Ok(()) => Report {
                ready: true,
                reason: "Answering",
                message: "the address answers with the registered certificate; what it lets through is its own business".to_owned(),
            },
            Err(err) => silent(&err),
        })
    }
}
