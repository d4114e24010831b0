//! Generator requests and duplex exchanges of a harness: the script's chunks, and what the component gives and takes.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream;
use tokio::sync::{Semaphore, mpsc};

use super::book::{Book, NoResponse};
use super::harness::Harness;
use crate::component::{Channel, EmitError, Handlers, Incoming, Outgoing, Part, RequestError, Result};
use crate::message::{Converses, Decoded, Generates};

/// What a script says of a request.
pub(super) struct Scripted {
    /// Taken by a generator request only.
    pub(super) chunks: Vec<Decoded>,
    pub(super) end: Result<Incoming, NoResponse>,
}

/// Values, each with the type of the request that it belongs to.
pub(super) type Values = Vec<(&'static str, Decoded)>;

/// The values of one turn that are not stored.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Chunks that the handler gave, with the type of its request.
    pub(super) emitted: Values,
    /// Input that the handler will take, in order.
    pub(super) input: VecDeque<(&'static str, Decoded)>,
    /// Where input goes that it sends, with the type of the request.
    open: Vec<(&'static str, mpsc::Receiver<Decoded>)>,
}

impl Flow {
    /// What was emitted since, and the input that was sent.
    pub(super) fn take(&mut self) -> (Values, Values) {
        let mut given = Vec::new();
        for (request, mut sent) in self.open.drain(..) {
            while let Ok(input) = sent.try_recv() {
                given.push((request, input));
            }
        }
        (std::mem::take(&mut self.emitted), given)
    }

    /// The next input for the handler of this request; `None` where there is no more.
    pub(super) fn next(&mut self, request: &str) -> Option<Decoded> {
        let at = self.input.iter().position(|(of, _)| *of == request)?;
        self.input.remove(at).map(|(_, input)| input)
    }
}

/// Whether a turn for a message of the type `of` may give chunks of `request`.
pub(super) fn asked(of: Option<&str>, request: &'static str) -> Result<(), EmitError> {
    if of == Some(request) { Ok(()) } else { Err(EmitError::OtherRequest { request }) }
}

/// A scripted exchange: its chunks come one after the other, whatever input is sent, and then its end.
pub(super) fn opened(book: &Book, asking: &str, outgoing: &Outgoing) -> Channel {
    let to = Arc::clone(&outgoing.to.item);
    let Scripted { chunks, end } = book.answer(asking, outgoing.message.name, &to, &outgoing.body);
    let timeout = outgoing.timeout;
    let end: Result<Incoming, RequestError> = end.map_err(|none| none.error(&to, timeout));
    let parts = chunks.into_iter().map(Part::Chunk).chain([Part::End(end)]);
    // Nobody takes the input before the turn has ended, and nobody shall wait for that.
    let (input, sent) = mpsc::channel(Semaphore::MAX_PERMITS);
    book.flow().open.push((outgoing.message.name, sent));
    Channel { parts: Box::pin(stream::iter(parts.collect::<Vec<_>>())), input }
}

impl<C: Handlers> Harness<C> {
    /// Answers generator requests and duplex exchanges of type `M`: with chunks, and then with the response, or why there
    /// is none.
    #[must_use]
    pub fn answer_in_chunks<M: Generates>(
        self,
        answer: impl FnMut(M) -> (Vec<M::Chunk>, Result<M::Response, NoResponse>) + Send + 'static,
    ) -> Self {
        self.book.script_chunks(answer);
        self
    }

    /// What the handler of a duplex request `M` takes in by [`receive`](crate::component::Context::receive); after it there
    /// is no more.
    #[must_use]
    pub fn input_of<M: Converses>(self, input: impl IntoIterator<Item = M::Input>) -> Self {
        let input =
            input.into_iter().map(|input| (<M as crate::message::Message>::TYPE.name, Box::new(input) as Decoded));
        self.book.flow().input.extend(input);
        self
    }
}
