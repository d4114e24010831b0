//! The body of a request, while its connection waits for it: a caller who sends half a body waits like one who says nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connections::Connection;

/// A body that says when it is whole.
#[derive(Debug)]
pub(super) struct Awaited {
    body: Incoming,
    connection: Arc<Connection>,
}

impl Awaited {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>) -> Self {
        if body.is_end_stream() {
            connection.answers();
        }
        Self { body, connection }
    }
}

impl Body for Awaited {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.connection.answers();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
