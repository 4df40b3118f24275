//! Name resolution that refuses what the address policy refuses, at every connection: a name that changes its mind
//! between check and use gains nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use crate::kubeconfig::AddressPolicy;

/// How long a name server may take.
const DEADLINE: Duration = Duration::from_secs(4);

/// From a name to its addresses.
pub(super) type Lookup = fn(&str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// By the system.
pub(super) fn system(name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    let name = name.to_owned();
    let lookup = async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|one| one.ip()).collect())
    };
    lookup.boxed()
}

/// Resolves names and never gives an address that may not be reached.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) policy: Arc<AddressPolicy>,
    pub(super) lookup: Lookup,
}

/// Nothing that may be reached has this name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name does not resolve")]
    Unknown,
    #[error("the name resolves to an address that may not be reached")]
    Refused,
}

impl Checked {
    /// For registration: a name with any address that may not be reached is refused whole. Nobody has a reason to give one
    /// cluster an outer and an inner address, but for somebody who looks for a way inside.
    pub(super) async fn admit(&self, name: &str) -> Result<(), Unresolved> {
        let all = self.all(name).await?;
        if all.iter().all(|one| self.policy.allows(*one)) {
            Ok(())
        } else {
            Err(Unresolved::Refused)
        }
    }

    /// For a connection: the addresses that may be reached. A registered cluster stays reachable when a foreign address
    /// joins its name, and only by its own.
    async fn reachable(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let mut all = self.all(name).await?;
        all.retain(|one| self.policy.allows(*one));
        if all.is_empty() {
            Err(Unresolved::Refused)
        } else {
            Ok(all)
        }
    }

    async fn all(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let lookup = tokio::time::timeout(DEADLINE, (self.lookup)(name));
        match lookup.await {
            Ok(Ok(found)) if !found.is_empty() => Ok(found),
            Ok(Ok(_) | Err(_)) | Err(_) => Err(Unresolved::Unknown),
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
            let found = this.reachable(name.as_str()).await?;
            let sockets: Vec<SocketAddr> =
                found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(sockets.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use kubenova_core::ports::cluster::ClusterError;

    use super::*;
    use crate::client::{ClientOptions, connect};
    use crate::kubeconfig::{Class, ClusterAccess, Credential, Endpoint};
    use crate::tenancy::call::classify;

    /// `mixed` has an address that may be reached between two that may not; `inner` has only such; `outer` none.
    fn names(name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let addresses: &[&str] = match name {
            "mixed.example" => &["127.0.0.2", "127.0.0.1", "169.254.169.254"],
            "inner.example" => &["127.0.0.2", "169.254.169.254"],
            "outer.example" => &["127.0.0.1"],
            "empty.example" => &[],
            _ => return async { Err(io::ErrorKind::NotFound.into()) }.boxed(),
        };
        let addresses = addresses.iter().map(|one| one.parse().unwrap()).collect();
        async { Ok(addresses) }.boxed()
    }

    /// Only 127.0.0.1 may be reached.
    fn options() -> ClientOptions {
        let one = vec![("127.0.0.1".parse().unwrap(), 32)];
        let mut options = ClientOptions::new(AddressPolicy::new(one), Duration::from_secs(5));
        options.lookup = names;
        options
    }

    async fn checked(host: &str) -> Result<(), Class> {
        let endpoint = Endpoint::parse(&format!("https://{host}")).unwrap();
        options().check(&endpoint).await.map_err(|no| no.class)
    }

    #[tokio::test]
    async fn attack_58_a_name_with_one_refused_address_is_not_registered() {
        assert_eq!(checked("outer.example").await, Ok(()));
        assert_eq!(checked("mixed.example").await, Err(Class::Address));
        assert_eq!(checked("inner.example").await, Err(Class::Address));
        assert_eq!(checked("empty.example").await, Err(Class::Unreachable));
        assert_eq!(checked("absent.example").await, Err(Class::Unreachable));
    }

    /// Whether somebody knocked at each of two addresses with one port, while a client asked that name.
    async fn knocked(name: &str) -> (bool, bool) {
        let allowed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = allowed.local_addr().unwrap().port();
        let refused = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let access = ClusterAccess {
            endpoint: Endpoint::parse(&format!("https://{name}:{port}")).unwrap(),
            ca_pem: None,
            tls_server_name: None,
            credential: Credential::Anonymous,
        };
        let client = connect(&access, &options()).unwrap();
        let asked = tokio::spawn(async move { client.apiserver_version().await });
        let came = async |at: &TcpListener| {
            let wait = Duration::from_millis(500);
            tokio::time::timeout(wait, at.accept()).await.is_ok()
        };
        // What is accepted is dropped at once, which ends the handshake.
        let both = tokio::join!(came(&allowed), came(&refused));
        let answer = asked.await.unwrap().unwrap_err();
        assert_eq!(classify(&answer, "get version"), ClusterError::Unreachable);
        both
    }

    #[tokio::test]
    async fn attack_58_a_name_that_is_rebound_later_reaches_nothing_inside() {
        assert_eq!(knocked("mixed.example").await, (true, false));
        assert_eq!(knocked("inner.example").await, (false, false));
        assert_eq!(knocked("outer.example").await, (true, false));
    }
}
