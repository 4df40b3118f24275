//! Answers have a size: everything is cut at a cap, and a watch at a line's.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use tower::{BoxError, Service};

use super::lines::Lines;

/// The largest answer, in bytes: a page of 500 full objects fits well.
pub(super) const MAX_ANSWER: usize = 16 * 1024 * 1024;

type Bytes = hyper::body::Bytes;

/// A service whose answers are cut at [`MAX_ANSWER`]: whole ones, and the lines of those that never end.
#[derive(Debug, Clone)]
pub(super) struct Capped<S> {
    pub(super) inner: S,
}

impl<S, B> Service<Request<Body>> for Capped<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<UnsyncBoxBody<Bytes, BoxError>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let query = request.uri().query().unwrap_or_default();
        let streams = query
            .split('&')
            .any(|pair| matches!(pair, "watch=true" | "follow=true"));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into)?;
            Ok(answer.map(|body| {
                if streams {
                    Lines::new(body.map_err(Into::into).boxed_unsync(), MAX_ANSWER).boxed_unsync()
                } else {
                    Limited::new(body, MAX_ANSWER).boxed_unsync()
                }
            }))
        })
    }
}
