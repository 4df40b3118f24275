//! What handlers work with.

use std::{fmt, ops::Deref, sync::Arc};

use tokio_util::sync::CancellationToken;

use kubenova_core::{
    domain::service::{Clusters, Grants, Ports, Projects, Tenants, Tokens},
    ports::{Clock, Store},
};

use super::cursor::Cursors;
use crate::auth::{self, Registry};

/// What handlers work with; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// Use cases of clusters.
    pub clusters: Clusters,
    /// Use cases of tenants.
    pub tenants: Tenants,
    /// Use cases of projects.
    pub projects: Projects,
    /// Use cases of kubeconfigs.
    pub grants: Grants,
    /// Use cases of API tokens.
    pub tokens: Tokens,
    /// Signs and verifies tokens.
    pub signer: auth::Tokens,
    /// From a token to a caller.
    pub registry: Arc<Registry>,
    /// Cursors of lists.
    pub cursors: Cursors,
    /// For readiness, and for waiting.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ends what waits when the process is told to stop.
    pub stop: CancellationToken,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        ports: &Ports,
        signer: auth::Tokens,
        registry: Arc<Registry>,
        cursors: Cursors,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Parts {
            clusters: Clusters::new(ports.clone()),
            tenants: Tenants::new(ports.clone()),
            projects: Projects::new(ports.clone()),
            grants: Grants::new(ports.clone()),
            tokens: Tokens::new(ports.clone()),
            signer,
            registry,
            cursors,
            store: Arc::clone(&ports.store),
            clock: Arc::clone(&ports.clock),
            stop,
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App(..)")
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts(..)")
    }
}
