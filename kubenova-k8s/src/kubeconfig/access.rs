//! [`ClusterAccess`]: all that is kept of a kubeconfig, and its canonical text.

use kubenova_core::value::Secret;

use super::issue::{Issue, IssueUser, NotWritable, issue};
use super::server::Server;

/// How to reach a cluster and what to show it. There is no way in here to run, read or skip anything.
#[derive(Debug, Clone)]
pub struct ClusterAccess {
    /// The API server.
    pub server: Server,
    /// PEM of the CAs that may have signed its certificate; `None` for the roots this system trusts.
    pub ca_pem: Option<String>,
    /// The name its certificate must have, where that is not the server's.
    pub tls_server_name: Option<String>,
    /// What we show.
    pub credential: Credential,
}

/// One credential; kubeconfigs with none or several are refused.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A bearer token: visible ASCII.
    Token(Secret),
    /// A client certificate and the key that belongs to it.
    ClientCertificate {
        /// The certificate, then the ones that signed it.
        cert_pem: String,
        /// PKCS#8, SEC1 or PKCS#1.
        key_pem: Secret,
    },
}

impl ClusterAccess {
    /// The kubeconfig that is stored: rebuilt from these fields, never the caller's text. [`parse`](super::parse()) of it
    /// gives the same access again.
    ///
    /// # Errors
    /// [`NotWritable`] for a token that is no text, which the parser never lets through.
    pub fn to_yaml(&self) -> Result<Secret, NotWritable> {
        issue(&Issue {
            server: &self.server.to_string(),
            ca_pem: self.ca_pem.as_deref(),
            tls_server_name: self.tls_server_name.as_deref(),
            cluster_name: "cluster",
            user_name: "kubenova",
            namespace: None,
            user: match &self.credential {
                Credential::Token(token) => IssueUser::Token(token),
                Credential::ClientCertificate { cert_pem, key_pem } => {
                    IssueUser::Certificate(cert_pem, key_pem)
                }
            },
        })
    }
}
