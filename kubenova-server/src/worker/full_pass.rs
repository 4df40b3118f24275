//! The full pass: asks for every object at regular times, so that no lost signal matters for long.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use kubenova_core::ports::Store;

use crate::http::chain;

/// After a start everything is looked at within this time.
const AT_START: Duration = Duration::from_secs(30);

/// After a failure of the store.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks for everything now, and then once in every `resync`, spread over it.
pub async fn full_pass(store: Arc<dyn Store>, resync: Duration, stop: CancellationToken) {
    let mut spread = AT_START.min(resync);
    loop {
        let pause = match store.ask_everything(None, spread).await {
            Ok(()) => resync,
            Err(error) => {
                warn!(error = %chain(&error), "Could not ask for a full pass; trying again");
                AGAIN
            }
        };
        if pause == resync {
            spread = resync;
        }
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
