//! What a single connection and all of them together may take.

use std::time::Duration;

use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};

use crate::config::Http;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections open at one time.
    pub connections: usize,
    /// Time for a request's head, and how long a connection is kept on which nothing is asked and nothing is read.
    pub head: Duration,
    /// Time until the first request of a connection, and for a TLS handshake.
    pub first: Duration,
    /// Time to finish after being told to stop.
    pub drain: Duration,
}

/// So much of an answer may wait in memory for one HTTP/2 stream whose peer does not read, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// A connection that sends nothing, or half a preface, is cut after this time.
const FIRST_REQUEST: Duration = Duration::from_secs(10);

impl From<&Http> for Limits {
    fn from(http: &Http) -> Self {
        Self {
            connections: http.max_connections,
            head: http.header_timeout,
            first: FIRST_REQUEST.min(http.header_timeout),
            drain: http.drain_timeout,
        }
    }
}

impl Limits {
    /// The protocol state machine of one connection, HTTP/1 or HTTP/2, with every limit set.
    pub(super) fn protocol(&self) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head)
            .max_headers(100)
            .max_buf_size(64 * 1024);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .max_header_list_size(16 * 1024)
            .max_send_buf_size(SEND_BUFFER)
            .max_pending_accept_reset_streams(32)
            .max_local_error_reset_streams(64)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10));
        builder
    }
}
