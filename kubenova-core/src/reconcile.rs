//! The reconciler: level-triggered, idempotent, one file a kind; observe → plan (pure) → apply → record.

pub mod backoff;
pub mod cluster;
pub mod grant;
pub mod plan;
pub mod project;
pub mod record;
pub mod spec;
pub mod tenant;

use std::time::Duration;

use crate::change::Work;
use crate::domain::cluster::{Cluster, conditions};
use crate::domain::service::Ports;
use crate::ports::cluster::ClusterError;
use crate::ports::store::{Claim, CommitError, Finish, StoreError};

/// How one turn on an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// What to tell the work set.
    pub finish: Finish,
    /// The cluster as a whole did not answer: its bulkhead shrinks to two.
    pub cluster_away: bool,
}

/// Why a turn could not be finished at all.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The store did not answer.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The result was not accepted: the lease went, or a row moved.
    #[error("the result was not committed")]
    Commit(#[from] CommitError),
    /// The cluster did not do it.
    #[error("the cluster failed")]
    Cluster(#[from] ClusterError),
}

/// Works on claimed items.
#[derive(Debug, Clone)]
pub struct Reconciler {
    ports: Ports,
}

impl Reconciler {
    /// Wires it to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// One turn on one item. Never panics on what a cluster answers, and never waits beyond the adapters' deadlines.
    pub async fn run(&self, claim: &Claim) -> Turn {
        let receipt = claim.receipt;
        let ended = match receipt.item {
            Work::Cluster(id) => cluster::turn(&self.ports, id, receipt).await,
            Work::Tenant(id) => tenant::turn(&self.ports, id, receipt).await,
            Work::Project(id) => project::turn(&self.ports, id, receipt).await,
            Work::Grant(id) => grant::turn(&self.ports, id, receipt).await,
        };
        match ended {
            Ok(finish) => Turn {
                finish,
                cluster_away: false,
            },
            Err(failure) => {
                let wait = backoff::after(claim.failures, self.ports.ids.next());
                log(claim, wait, &failure);
                let away = matches!(&failure, TurnError::Cluster(err) if err.is_away());
                Turn {
                    finish: Finish::Failed(wait),
                    cluster_away: away,
                }
            }
        }
    }
}

fn log(claim: &Claim, wait: Duration, failure: &TurnError) {
    let cause = std::error::Error::source(failure)
        .map(ToString::to_string)
        .unwrap_or_default();
    let item = claim.receipt.item;
    tracing::warn!(
        work.kind = item.kind(), work.id = %item.uuid(), work.ticket = claim.receipt.ticket,
        cluster.id = %claim.cluster, retry.after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        error = %failure, cause = %cause,
        "Could not reconcile this {}; trying again", item.kind()
    );
}

/// Whether nothing may be written to the cluster: another one answers at its address, or it is being let go.
fn is_closed(cluster: &Cluster) -> bool {
    let changed = cluster
        .status
        .condition(conditions::REACHABLE)
        .is_some_and(|c| c.reason == ClusterError::IdentityChanged.reason());
    changed || cluster.deleting.is_some()
}
