//! A stream of lines without end, whose single lines are bounded: watches and logs.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tower::BoxError;

/// A line that does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the cluster's answer is too long")]
pub(super) struct TooLong;

/// A body that fails once a line is longer than the limit, in bytes.
#[derive(Debug)]
pub(super) struct Lines {
    inner: UnsyncBoxBody<Bytes, BoxError>,
    limit: usize,
    /// Bytes since the last line ended.
    open: usize,
}

impl Lines {
    pub(super) const fn new(inner: UnsyncBoxBody<Bytes, BoxError>, limit: usize) -> Self {
        Self {
            inner,
            limit,
            open: 0,
        }
    }

    fn count(&mut self, data: &[u8]) -> Result<(), TooLong> {
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            self.open = self.open.saturating_add(line.len());
            if self.open > self.limit {
                return Err(TooLong);
            }
            if line.ends_with(b"\n") {
                self.open = 0;
            }
        }
        Ok(())
    }
}

impl Body for Lines {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let counted = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(Ok(()), |data| self.count(data)),
            Some(Err(_)) | None => Ok(()),
        };
        Poll::Ready(match counted {
            Ok(()) => frame,
            Err(too_long) => Some(Err(too_long.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    async fn read(chunks: &[&'static str], limit: usize) -> Result<usize, BoxError> {
        let frames: Vec<Result<Frame<Bytes>, BoxError>> = chunks
            .iter()
            .map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))))
            .collect();
        let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
        Ok(Lines::new(body, limit).collect().await?.to_bytes().len())
    }

    #[tokio::test]
    async fn attack_143_a_line_without_end_is_cut_and_many_short_ones_are_not() {
        assert_eq!(read(&["aaa\n"; 100], 4).await.unwrap(), 400);
        assert_eq!(read(&["aa", "a\n", "aaa\na"], 4).await.unwrap(), 9);
        assert!(read(&["aa", "aa", "a"], 4).await.is_err());
        assert!(read(&["a\naaaaa\n"], 4).await.is_err());
    }
}
