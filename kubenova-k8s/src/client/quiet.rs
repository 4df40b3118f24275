//! The client library logs whole answers that it cannot read; ours may hold tokens and Secrets, so it is not heard.

use std::future::Future;

use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

/// Runs a call of the client library without anybody listening to what it logs. Callers log the outcome.
pub(crate) async fn quietly<F: Future>(call: F) -> F::Output {
    call.with_subscriber(NoSubscriber::default()).await
}
