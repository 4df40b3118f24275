//! One running server: its listeners, its loops, and their end in the right order.

use std::{net::SocketAddr, sync::Arc};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use kubenova_core::domain::service::Ports;

use super::{Role, StartError};
use crate::{
    auth::{Registry, first_token},
    config::{Config, StoreUrl},
    http::{App, cursor::Cursors, rim::Rim, router},
    listen::{self, Limits, Listener},
    route,
    telemetry::{self, Exporter, Readiness},
    wire::{self, Opened},
    worker::{Pool, Refusals, follow_revocations, full_pass, record_refusals, watch_drift},
};

/// A running server.
#[derive(Debug)]
pub struct Server {
    api: Option<SocketAddr>,
    metrics: SocketAddr,
    /// What must end before the rest may: answers and turns.
    first: JoinSet<()>,
    /// What serves them until then.
    then: JoinSet<()>,
    stop: CancellationToken,
    stop_rest: CancellationToken,
    opened: Opened,
}

impl Server {
    /// Starts everything that `role` names; when it returns, requests are answered.
    ///
    /// # Errors
    /// [`StartError`] naming the key or dependency at fault; nothing is left running then.
    pub async fn start(
        config: Config,
        role: Role,
        exporter: Exporter,
        stop: CancellationToken,
    ) -> Result<Self, StartError> {
        let signer = wire::signer(&config)?;
        let tls = wire::tls(&config)?;
        let cursors = Cursors::new(signer.key().derive("cursor"));
        let opened = wire::open(&config).await?;
        let ports = &opened.ports;
        let registry = Registry::new(
            signer.clone(),
            ports.store.clone(),
            Arc::clone(&ports.clock),
        );
        let registry = Arc::new(registry);
        if role != Role::Worker {
            first_token(&config.auth, ports, &signer).await?;
        }
        if role != Role::All && config.store.url == StoreUrl::Memory {
            warn!("The memory store lives in one process: nothing is shared with other roles");
        }
        let app = App::new(ports, signer, Arc::clone(&registry), cursors, stop.clone());
        let metrics = Listener::bind(config.metrics.listen, Limits::from(&config.http)).await;
        let metrics = metrics.map_err(|e| StartError::new("metrics.listen", e))?;
        let api = match role {
            Role::All | Role::Api => {
                let bound = Listener::bind(config.http.listen, Limits::from(&config.http)).await;
                Some(bound.map_err(|e| StartError::new("http.listen", e))?)
            }
            Role::Worker => None,
        };
        let address = |one: &Listener| one.local_addr().map_err(|e| StartError::new("listen", e));
        let mut server = Self {
            api: api.as_ref().map(address).transpose()?,
            metrics: address(&metrics)?,
            first: JoinSet::new(),
            then: JoinSet::new(),
            stop_rest: CancellationToken::new(),
            stop,
            opened: opened.clone(),
        };
        server.serve_metrics(&app, metrics, exporter);
        if let Some(api) = api {
            server.serve_api(&config, app, registry, (api, tls));
        }
        if role != Role::Api {
            server.work(&config, ports);
        }
        info!(
            http.listen = server.api.map(|at| at.to_string()), metrics.listen = %server.metrics,
            "Ready"
        );
        Ok(server)
    }

    /// Where the API answers; `None` for workers alone.
    pub const fn api(&self) -> Option<SocketAddr> {
        self.api
    }

    /// Where metrics and probes answer.
    pub const fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// Ends when the server was told to stop and everything is finished or given back.
    ///
    /// # Errors
    /// [`StartError`] when a part of it broke and took the rest along.
    pub async fn ended(mut self) -> Result<(), StartError> {
        let mut broke = false;
        while let Some(ended) = self.first.join_next().await {
            // One of them ends by itself only when it broke: the process must not go on as half of itself.
            if ended.is_err() || !self.stop.is_cancelled() {
                error!("A part of the server ended by itself; stopping");
                broke = true;
                self.stop.cancel();
            }
        }
        self.stop_rest.cancel();
        while self.then.join_next().await.is_some() {}
        self.opened.close().await;
        if broke {
            Err(StartError::new("server", "a part of it ended by itself"))
        } else {
            Ok(())
        }
    }

    fn serve_metrics(&mut self, app: &App, listener: Listener, exporter: Exporter) {
        let app = app.clone();
        let ready: Readiness = Arc::new(move || {
            let app = app.clone();
            Box::pin(async move { route::readiness(&app).await })
        });
        let routes = telemetry::router(exporter.clone(), ready);
        self.then.spawn(listen::serve(
            listener,
            None,
            routes,
            self.stop_rest.clone(),
        ));
        self.then.spawn(exporter.upkeep(self.stop_rest.clone()));
    }

    fn serve_api(
        &mut self,
        config: &Config,
        app: App,
        registry: Arc<Registry>,
        (listener, tls): (Listener, Option<tokio_rustls::TlsAcceptor>),
    ) {
        let (refusals, noted) = Refusals::channel();
        let clock = Arc::clone(&app.clock);
        let rim = Rim {
            ids: Arc::clone(&self.opened.ports.ids),
            deadline: config.http.request_timeout,
            refused: Arc::new(move |refused| refusals.note(&refused, clock.now())),
        };
        let store = Arc::clone(&app.store);
        self.then
            .spawn(record_refusals(store, noted, self.stop_rest.clone()));
        self.then
            .spawn(follow_revocations(registry, self.stop_rest.clone()));
        self.first.spawn(listen::serve(
            listener,
            tls,
            router::router(app, rim),
            self.stop.clone(),
        ));
    }

    fn work(&mut self, config: &Config, ports: &Ports) {
        let pool = Pool::new(ports.clone(), &config.reconcile);
        self.first.spawn(pool.run(self.stop.clone()));
        self.first
            .spawn(watch_drift(ports.clone(), self.stop.clone()));
        let (store, resync) = (Arc::clone(&ports.store), config.reconcile.resync);
        self.first
            .spawn(full_pass(store, resync, self.stop.clone()));
    }
}
