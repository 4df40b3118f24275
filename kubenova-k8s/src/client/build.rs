//! From an access to a client.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::ServiceBuilder;

use kubenova_core::ports::cluster::ClusterError;

use super::body::Capped;
use super::repeat::Repeat;
use super::resolve::{Checked, Lookup, Unresolved, system};
use super::same::{Question, Same};
use crate::kubeconfig::address::Host;
use crate::kubeconfig::{AddressPolicy, Class, ClusterAccess, Credential, Endpoint, Refused};

/// Limits of a client.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Which addresses it may reach.
    pub policy: Arc<AddressPolicy>,
    /// The head of every answer must come within this.
    pub deadline: Duration,
    /// So many requests at once.
    pub concurrency: usize,
    pub(super) lookup: Lookup,
}

impl ClientOptions {
    /// The usual limits: 32 requests at once.
    pub fn new(policy: AddressPolicy, deadline: Duration) -> Self {
        Self {
            policy: Arc::new(policy),
            deadline,
            concurrency: 32,
            lookup: system,
        }
    }

    fn resolver(&self) -> Checked {
        Checked {
            policy: Arc::clone(&self.policy),
            lookup: self.lookup,
        }
    }

    /// Whether an address may be registered, before anything is sent: every address of a name must be one that may be
    /// reached.
    ///
    /// # Errors
    /// [`Refused`] of class `address`, or `unreachable` for a name that does not resolve.
    pub async fn check(&self, endpoint: &Endpoint) -> Result<(), Refused> {
        let refused = || Refused::new(Class::Address, "the address may not be reached from here");
        match &endpoint.host {
            Host::Address(address) if self.policy.allows(*address) => Ok(()),
            Host::Address(_) => Err(refused()),
            Host::Name(name) => match self.resolver().admit(name).await {
                Ok(()) => Ok(()),
                Err(Unresolved::Refused) => Err(refused()),
                Err(Unresolved::Unknown) => Err(Refused::new(
                    Class::Unreachable,
                    "no Kubernetes API server answers there",
                )),
            },
        }
    }
}

/// A client for whatever cluster answers. It follows no redirect, uses no proxy, and repeats only what is idempotent,
/// under the one deadline.
///
/// # Errors
/// [`ClusterError::Unreachable`] for an address that may not be reached, [`ClusterError::Tls`] for unusable certificates.
pub fn connect(access: &ClusterAccess, options: &ClientOptions) -> Result<Client, ClusterError> {
    connect_to(access, options, "")
}

/// A client for the cluster whose `kube-system` has the UID `identity`: each new connection begins with that question, and
/// is closed before anything else is sent over it when another cluster answers.
///
/// # Errors
/// Those of [`connect`].
pub fn connect_to(
    access: &ClusterAccess,
    options: &ClientOptions,
    identity: &str,
) -> Result<Client, ClusterError> {
    if let Host::Address(address) = &access.endpoint.host
        && !options.policy.allows(*address)
    {
        return Err(ClusterError::Unreachable);
    }
    let config = config(access)?;
    let mut http = HttpConnector::new_with_resolver(options.resolver());
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(Duration::from_secs(5)));
    http.set_keepalive(Some(Duration::from_secs(15)));
    let https = config
        .rustls_https_connector_with_connector(http)
        .map_err(|_| ClusterError::Tls)?;
    let https = Same {
        inner: https,
        question: question(access, options, identity)?,
    };
    let pooled: hyper_util::client::legacy::Client<_, Body> =
        hyper_util::client::legacy::Builder::new(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(https);
    let authenticate = config
        .auth_layer()
        .map_err(|_| ClusterError::Unauthorized)?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(authenticate)
        .concurrency_limit(options.concurrency)
        .timeout(options.deadline)
        .layer_fn(|inner| Repeat { inner })
        .layer_fn(|inner| Capped { inner })
        .service(pooled);
    Ok(Client::new(service, "default"))
}

fn question(
    access: &ClusterAccess,
    options: &ClientOptions,
    identity: &str,
) -> Result<Option<Arc<Question>>, ClusterError> {
    if identity.is_empty() {
        return Ok(None);
    }
    let url: Uri = access
        .endpoint
        .url()
        .parse()
        .map_err(|_| ClusterError::Unreachable)?;
    let authorization = match &access.credential {
        Credential::Token(token) => {
            let bearer = format!("Bearer {}", token.expose_str().unwrap_or_default());
            let value = HeaderValue::from_str(&bearer);
            let mut value = value.map_err(|_| ClusterError::Unauthorized)?;
            value.set_sensitive(true);
            Some(value)
        }
        Credential::Certificate { .. } | Credential::Anonymous => None,
    };
    Ok(Some(Arc::new(Question {
        wanted: identity.to_owned(),
        base: url.path().trim_end_matches('/').to_owned(),
        authorization,
        deadline: options.deadline,
    })))
}

fn config(access: &ClusterAccess) -> Result<Config, ClusterError> {
    let uri = access
        .endpoint
        .url()
        .parse()
        .map_err(|_| ClusterError::Unreachable)?;
    let mut config = Config::new(uri);
    config.proxy_url = None;
    config.default_retry = false;
    config.tls_server_name.clone_from(&access.tls_server_name);
    if let Some(pem) = &access.ca_pem {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let all = all.map_err(|_| ClusterError::Tls)?;
        config.root_cert = Some(all.into_iter().map(|der| der.to_vec()).collect());
    }
    match &access.credential {
        Credential::Token(token) => {
            config.auth_info.token = token.expose_str().map(|text| text.to_owned().into());
        }
        Credential::Certificate { cert, key } => {
            config.auth_info.client_certificate_data = Some(BASE64.encode(cert));
            config.auth_info.client_key_data = Some(BASE64.encode(key.expose()).into());
        }
        Credential::Anonymous => {}
    }
    Ok(config)
}
