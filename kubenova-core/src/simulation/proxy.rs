//! The access proxy of a simulated cluster: the direct way.

use async_trait::async_trait;

use crate::domain::cluster::ProxyKind;
use crate::ports::cluster::{ClusterError, Report};
use crate::ports::proxy::{KubeconfigParts, ProxyBackend};
use crate::value::Secret;

/// Writes kubeconfigs that say of themselves that they open nothing.
#[derive(Debug, Clone, Copy)]
pub struct SimProxy {
    kind: ProxyKind,
}

impl SimProxy {
    /// A proxy that claims to be of this kind.
    pub const fn new(kind: ProxyKind) -> Self {
        Self { kind }
    }
}

#[async_trait]
impl ProxyBackend for SimProxy {
    fn kind(&self) -> ProxyKind {
        self.kind
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        let token = parts.token.expose_str().ok_or(ClusterError::BadAnswer)?;
        // Every part is a DNS label, a uid or made by the simulation: nothing here needs quoting.
        let (name, user) = (&parts.cluster_name, &parts.user_name);
        let namespace = parts
            .namespace
            .map(|ns| format!(", namespace: {ns}"))
            .unwrap_or_default();
        Ok(Secret::new(format!(
            "apiVersion: v1\nkind: Config\n# simulated: opens nothing\n\
             clusters: [{{name: {name}, cluster: {{server: \"https://{name}.invalid\"}}}}]\n\
             users: [{{name: {user}, user: {{token: {token}}}}}]\n\
             contexts: [{{name: {name}, context: {{cluster: {name}, user: {user}{namespace}}}}}]\n\
             current-context: {name}\n"
        )))
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        let message = "the access proxy is simulated in memory".to_owned();
        Ok(Report {
            ready: true,
            reason: "Simulated",
            message,
        })
    }
}
