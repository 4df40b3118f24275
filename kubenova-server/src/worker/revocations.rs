//! Follows the feed of revoked tokens, so that kept ones may be used.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{auth::Registry, http::chain};

/// Four polls fit into the second after which nothing kept is used.
const EVERY: Duration = Duration::from_millis(250);

/// Polls until told to stop.
pub async fn follow_revocations(registry: Arc<Registry>, stop: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut away = false;
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let Some(polled) = stop.run_until_cancelled(registry.poll()).await else {
            return;
        };
        match polled {
            Ok(()) => away = false,
            Err(error) if !away => {
                away = true;
                warn!(error = %chain(&error), "Cannot see revocations: every token is looked up until this is over");
            }
            Err(_) => {}
        }
    }
}
