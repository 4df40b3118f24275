//! Name resolution that refuses what the address policy refuses, at every connection: a name that changes its mind
//! between check and use gains nothing.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use crate::kubeconfig::AddressPolicy;

/// How long a name server may take.
const DEADLINE: Duration = Duration::from_secs(4);

/// Resolves by the system, then drops every address that may not be reached.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) policy: Arc<AddressPolicy>,
}

/// Nothing that may be reached has this name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name does not resolve")]
    Unknown,
    #[error("the name resolves to no address that may be reached")]
    Refused,
}

impl Checked {
    /// The addresses of a name.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let lookup = tokio::net::lookup_host((name, 0));
        let found = tokio::time::timeout(DEADLINE, lookup)
            .await
            .map_err(|_| Unresolved::Unknown)?;
        let all: Vec<IpAddr> = found
            .map_err(|_| Unresolved::Unknown)?
            .map(|one| one.ip())
            .collect();
        let allowed: Vec<IpAddr> = all
            .into_iter()
            .filter(|one| self.policy.allows(*one))
            .collect();
        if allowed.is_empty() {
            Err(Unresolved::Refused)
        } else {
            Ok(allowed)
        }
    }
}

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let found = this.addresses(name.as_str()).await?;
            let sockets: Vec<SocketAddr> =
                found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(sockets.into_iter())
        })
    }
}
