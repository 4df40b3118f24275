//! Every new connection begins with the question which cluster answers there, before anything of ours goes over it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{Either, select};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use tower::{BoxError, Service};

/// The namespace whose UID tells clusters apart.
const SYSTEM: &str = "/api/v1/namespaces/kube-system";
/// The largest answer, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// Why a new connection is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotTheSame {
    /// Another cluster answers.
    #[error("another cluster answers at this address")]
    Other,
    /// Our credential is not accepted, so that nothing can be known.
    #[error("the server does not accept the credential")]
    Unauthorized,
    /// What answers does not say which cluster it is.
    #[error("the server does not tell which cluster it is")]
    Unknown,
}

/// What to ask on each new connection.
pub(super) struct Question {
    /// UID of `kube-system`.
    pub(super) wanted: String,
    /// Where the API begins; ends without a slash.
    pub(super) base: String,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) deadline: Duration,
}

/// A connector whose connections lead to one cluster; without a question to any.
#[derive(Clone)]
pub(super) struct Same<C> {
    pub(super) inner: C,
    pub(super) question: Option<Arc<Question>>,
}

impl<C> Service<Uri> for Same<C>
where
    C: Service<Uri>,
    C::Response: Read + Write + Unpin + Send + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let question = self.question.clone();
        let connecting = self.inner.call(to.clone());
        Box::pin(async move {
            let io = connecting.await.map_err(Into::into)?;
            let Some(question) = question else {
                return Ok(io);
            };
            tokio::time::timeout(question.deadline, question.asked(io, &to)).await?
        })
    }
}

impl Question {
    /// Asks, and gives the connection back when the answer is the right one.
    async fn asked<I>(&self, io: I, to: &Uri) -> Result<I, BoxError>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, mut connection) = handshake(io).await?;
        let answer = {
            let driven = poll_fn(|cx| connection.poll_without_shutdown(cx));
            let asking = std::pin::pin!(self.answer(sender, to));
            match select(asking, driven).await {
                Either::Left((answer, _)) => answer?,
                Either::Right((ended, asking)) => {
                    ended?;
                    // It was closed behind the answer: what was read still counts, but nothing can be sent over it.
                    asking.await?;
                    return Err(NotTheSame::Unknown.into());
                }
            }
        };
        if answer != self.wanted {
            return Err(NotTheSame::Other.into());
        }
        let parts = connection.into_parts();
        if !parts.read_buf.is_empty() {
            return Err(NotTheSame::Unknown.into());
        }
        Ok(parts.io)
    }

    /// The UID that the other side tells.
    async fn answer(
        &self,
        mut sender: SendRequest<Empty<Bytes>>,
        to: &Uri,
    ) -> Result<String, BoxError> {
        let host = to.authority().ok_or(NotTheSame::Unknown)?.as_str();
        let mut request = Request::get(format!("{}{SYSTEM}", self.base)).header(HOST, host);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let answer = sender.send_request(request.body(Empty::new())?).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(NotTheSame::Unauthorized.into()),
            _ => return Err(NotTheSame::Unknown.into()),
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER);
        let body = body.collect().await?.to_bytes();
        let system: serde_json::Value = serde_json::from_slice(&body)?;
        let uid = system["metadata"]["uid"].as_str();
        Ok(uid.ok_or(NotTheSame::Unknown)?.to_owned())
    }
}
