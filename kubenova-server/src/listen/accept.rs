//! The accept loop: a permit before every connection, a deadline on everything, a drain at the end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::TokioIo,
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, info, warn};

use super::{Limits, unused::Use};
use crate::telemetry::name;

/// How long to wait when the system gives no connection, most often for want of file handles.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// A bound address with what is known about the connections to come.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    limits: Limits,
}

/// The caller's address, put into every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Listener {
    /// Binds `address`; nothing is accepted before [`serve`].
    ///
    /// # Errors
    /// Those of the system: address taken, not ours, not allowed.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Ok(Self {
            tcp: TcpListener::bind(address).await?,
            limits,
        })
    }

    /// The address really bound, with the port that was taken for port 0.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Serves `app` until `stop`, then lets requests finish within the drain time.
///
/// After `stop` no connection is accepted; idle ones are closed at once.
pub async fn serve(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    app: Router,
    stop: CancellationToken,
) {
    let Listener { tcp, limits } = listener;
    let permits = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let graceful = GracefulShutdown::new();
    let server = Server { app, tls, limits };
    while let Some(Some((stream, peer, permit))) =
        stop.run_until_cancelled(next(&tcp, &permits)).await
    {
        let (server, watcher) = (server.clone(), graceful.watcher());
        let stop = stop.clone();
        tokio::spawn(async move {
            metrics::gauge!(name::CONNECTIONS).increment(1.0);
            server.connection(stream, peer, watcher, stop).await;
            metrics::gauge!(name::CONNECTIONS).decrement(1.0);
            drop(permit);
        });
    }
    drop(tcp);
    let open = graceful.count();
    if timeout(limits.drain, graceful.shutdown()).await.is_err() {
        warn!("Some requests did not finish in time and were cut");
    } else {
        info!(connections = open, "All connections are closed");
    }
}

/// The next connection, or `None` if there can be no more. Waits while all permits are taken.
async fn next(
    tcp: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    loop {
        match tcp.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, permit)),
            Err(error) => {
                debug!(%error, "Could not accept a connection");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

#[derive(Clone)]
struct Server {
    app: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
}

impl Server {
    async fn connection(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        watcher: Watcher,
        stop: CancellationToken,
    ) {
        // Small answers go out at once; without this they wait for the other side's acknowledgement.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.requests(stream, peer, watcher).await;
        };
        let handshake = timeout(self.limits.first, tls.accept(stream));
        match stop.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => self.requests(stream, peer, watcher).await,
            Some(Ok(Err(error))) => debug!(%error, "TLS handshake failed"),
            Some(Err(_)) => cut("handshake"),
            None => {}
        }
    }

    async fn requests<S>(self, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seen = Use::now();
        let app = self
            .app
            .map_request(move |mut request: http::Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                request.map(axum::body::Body::new) as Request
            });
        let service = TowerToHyperService::new(seen.noted_by(app));
        let protocol = self.limits.protocol();
        let connection = protocol
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = watcher.watch(connection);
        tokio::select! {
            served = connection => {
                if let Err(error) = served {
                    debug!(%error, "Connection ended early");
                }
            }
            () = seen.ended(self.limits.first, self.limits.head) => cut("unused"),
        }
    }
}

/// Counts a connection that we ended.
fn cut(reason: &'static str) {
    metrics::counter!(name::CONNECTIONS_CUT, "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests;
