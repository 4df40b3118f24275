//! Whether the cluster that answers is the one that was registered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use kubenova_core::ports::cluster::ClusterError;

use super::call::{Calls, NAMESPACE};

/// A cluster that was the right one is believed to be so for this long, on connections that are open already: each new one
/// is asked before anything is sent over it (`client/same.rs`). ADR 10 says what is left.
const BELIEVED: Duration = Duration::from_secs(10);

/// The registered UID of `kube-system`, and when it was last seen. Nothing is written to another cluster, and nothing is
/// believed to be absent because another cluster does not have it.
#[derive(Debug)]
pub(super) struct Identity {
    wanted: String,
    seen: Mutex<Option<Instant>>,
}

impl Identity {
    /// An empty UID is any cluster's: that of a first look.
    pub(super) fn new(wanted: &str) -> Self {
        Self {
            wanted: wanted.to_owned(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// What was just found.
    pub(super) fn found(&self, uid: &str) {
        let seen = (uid == self.wanted).then(Instant::now);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    pub(super) async fn verify(&self, calls: &Calls) -> Result<(), ClusterError> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if self.wanted.is_empty() || seen.is_some_and(|when| when.elapsed() < BELIEVED) {
            return Ok(());
        }
        let system = calls.get(NAMESPACE, None, "kube-system").await?;
        let uid = system
            .and_then(|there| there.metadata.uid)
            .ok_or(ClusterError::BadAnswer)?;
        self.found(&uid);
        if uid == self.wanted {
            Ok(())
        } else {
            Err(ClusterError::IdentityChanged)
        }
    }
}
