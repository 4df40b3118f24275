//! Cuts connections that never ask for anything: hyper times out neither silence nor half a preface.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tower::Service;

/// Whether a connection has sent a request yet.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstRequest(Arc<AtomicBool>);

impl FirstRequest {
    /// A service that notes its first call here.
    pub(super) fn noted_by<S>(&self, inner: S) -> Noting<S> {
        Noting {
            inner,
            seen: self.clone(),
        }
    }

    /// Ends when `patience` is over without a request; never ends once there was one.
    pub(super) async fn overdue(&self, patience: Duration) {
        tokio::time::sleep(patience).await;
        if self.0.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    }
}

/// Notes the first request, then does what the inner service does.
#[derive(Debug, Clone)]
pub(super) struct Noting<S> {
    inner: S,
    seen: FirstRequest,
}

impl<S: Service<R>, R> Service<R> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.seen.0.store(true, Ordering::Relaxed);
        self.inner.call(request)
    }
}
