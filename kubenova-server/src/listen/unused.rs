//! Cuts connections that nobody uses: silent peers, half a preface, peers that only answer pings or stopped reading.
//! hyper times out none of them, and each holds a permit that somebody else waits for.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep};
use tower::Service;

/// Answers leave in pieces of at most this many bytes, so that a slow reader shows that he reads.
const PIECE: usize = 64 * 1024;

/// What a connection is used for.
#[derive(Debug, Clone)]
pub(super) struct Use(Arc<State>);

#[derive(Debug)]
struct State {
    began: Instant,
    /// Requests that are being worked on.
    working: AtomicUsize,
    asked: AtomicBool,
    /// When something happened last, in milliseconds from `began`.
    last: AtomicU64,
}

impl Use {
    /// Of a connection that begins now.
    pub(super) fn now() -> Self {
        Self(Arc::new(State {
            began: Instant::now(),
            working: AtomicUsize::new(0),
            asked: AtomicBool::new(false),
            last: AtomicU64::new(0),
        }))
    }

    /// A service that notes here what it is asked and how its answers are taken.
    pub(super) fn noted_by<S>(&self, inner: S) -> Noting<S> {
        Noting {
            inner,
            seen: self.clone(),
        }
    }

    /// Ends when there was no request within `first`, or later nothing to do for `idle`: no request, and no piece of an
    /// answer taken. Never ends while a request is being worked on.
    pub(super) async fn ended(&self, first: Duration, idle: Duration) {
        loop {
            let patience = if self.0.asked.load(Ordering::Relaxed) {
                idle
            } else {
                first
            };
            let left = patience.saturating_sub(self.quiet());
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }

    fn quiet(&self) -> Duration {
        if self.0.working.load(Ordering::Relaxed) > 0 {
            return Duration::ZERO;
        }
        let last = Duration::from_millis(self.0.last.load(Ordering::Relaxed));
        self.0.began.elapsed().saturating_sub(last)
    }

    fn touch(&self) {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(now, Ordering::Relaxed);
    }
}

/// A request that is being worked on, until it is dropped.
struct Working(Use);

impl Working {
    fn on(seen: &Use) -> Self {
        seen.0.working.fetch_add(1, Ordering::Relaxed);
        seen.0.asked.store(true, Ordering::Relaxed);
        Self(seen.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.touch();
        self.0.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Notes requests and answers, and otherwise does what the inner service does.
#[derive(Debug, Clone)]
pub(super) struct Noting<S> {
    inner: S,
    seen: Use,
}

impl<S, R> Service<R> for Noting<S>
where
    S: Service<R, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Pieces>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let working = Working::on(&self.seen);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let seen = working.0.clone();
            let whole = |inner| Pieces {
                inner,
                rest: Bytes::new(),
                seen,
            };
            Ok(answer.map(whole))
        })
    }
}

/// The body of an answer, handed on in pieces; each that is taken shows that the peer reads.
#[derive(Debug)]
pub(super) struct Pieces {
    inner: Body,
    rest: Bytes,
    seen: Use,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
            match frame.map(|read| read.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(broken)) => return Poll::Ready(Some(Err(broken))),
                None => return Poll::Ready(None),
            }
        }
        self.seen.touch();
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
