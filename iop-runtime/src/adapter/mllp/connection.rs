//! A connection of a listener: a message, its answer, the next message.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::answers::{Outcome, answers, bytes_of, garbled, unreadable};
use super::events;
use super::listener::{Arrived, Works};
use super::received::{MllpTicket, ReceivedHl7, Said};
use super::settings::{Acknowledge, Rules};
use crate::hl7::Hl7;
use crate::hl7::mllp::{Decoder, FrameError, encode};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// After so long without a byte, the carriage return behind a message is taken for one that its sender leaves out.
const QUIET: Duration = Duration::from_millis(250);

/// How long what still comes is read and dropped after the last answer: else the system could take that answer back.
const LINGER: Duration = Duration::from_secs(1);

/// Why a connection is at its end.
enum End {
    /// The sender has gone, or the item stops.
    Gone,
    /// Nothing came for long.
    Idle,
    /// A message did not come to its end in time.
    Slow(Duration),
    /// What became of its message is not known: everything was cut off. The sender sends it again.
    InDoubt,
    /// What comes is no MLLP. The sender is told.
    Frame(FrameError),
    /// It broke.
    Broken(std::io::Error),
}

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    rules: Arc<Rules>,
    bring: mpsc::Sender<Arrived>,
    works: Arc<Works>,
    decoder: Decoder,
    /// When the message began that is coming.
    begun: Option<Instant>,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        rules: Arc<Rules>,
        bring: mpsc::Sender<Arrived>,
        works: Arc<Works>,
    ) -> Self {
        let decoder = Decoder::new(rules.max_bytes);
        Self { stream, peer, rules, bring, works, decoder, begun: None }
    }

    /// Takes message after message until the connection ends, or until `closing`; a message that is whole is finished.
    pub(super) async fn serve(mut self, closing: &CancellationToken) {
        events::connected(self.peer);
        let end = loop {
            match self.next(closing).await {
                Ok(bytes) => {
                    if let Err(end) = self.take(&bytes).await {
                        break end;
                    }
                }
                Err(end) => break end,
            }
        };
        match end {
            End::Gone => events::disconnected(self.peer),
            End::Idle => events::idle(self.peer),
            End::Slow(within) => events::closed(self.peer, format_args!("a message did not end within {within:?}")),
            End::InDoubt => events::closed(self.peer, "it is cut off, and its message is not acknowledged"),
            End::Broken(error) => events::closed(self.peer, error),
            End::Frame(error) => {
                events::closed(self.peer, error);
                self.farewell(error).await;
            }
        }
    }

    /// The next whole message.
    async fn next(&mut self, closing: &CancellationToken) -> Result<Vec<u8>, End> {
        let since = Instant::now();
        let mut chunk = vec![0; CHUNK];
        loop {
            if let Some(message) = self.decoder.next_message().map_err(End::Frame)? {
                self.begun = None;
                return Ok(message);
            }
            if self.decoder.is_inside() {
                self.begun.get_or_insert_with(Instant::now);
            }
            let now = Instant::now();
            let left = match self.begun {
                Some(begun) => Some(self.left(begun, now)?),
                None => self.rules.idle_timeout.map(|idle| idle.saturating_sub(now - since)),
            };
            if left.is_some_and(|left| left.is_zero()) {
                return Err(End::Idle);
            }
            // Only the end of a message is looked for sooner.
            let pause = if self.begun.is_some() { left.map(|left| left.min(QUIET)) } else { left };
            tokio::select! {
                biased;
                () = closing.cancelled() => return Err(End::Gone),
                read = self.stream.read(&mut chunk) => match read.map_err(End::Broken)? {
                    0 => return self.finished(),
                    length => self.decoder.push(chunk.get(..length).unwrap_or_default()),
                },
                () = passed(pause) => {
                    if self.begun.is_some() && let Ok(message) = self.finished() {
                        return Ok(message);
                    }
                }
            }
        }
    }

    /// How much time the message has that has begun.
    fn left(&self, begun: Instant, now: Instant) -> Result<Duration, End> {
        let within = self.rules.message_timeout;
        let left = within.saturating_sub(now - begun);
        if left.is_zero() { Err(End::Slow(within)) } else { Ok(left) }
    }

    /// Nothing more has come: what is there may be a message without its carriage return.
    fn finished(&mut self) -> Result<Vec<u8>, End> {
        match self.decoder.finish() {
            Ok(Some(message)) => {
                self.begun = None;
                Ok(message)
            }
            Ok(None) => Err(End::Gone),
            Err(error) => Err(End::Frame(error)),
        }
    }

    /// Has a message worked on, and answers it.
    async fn take(&mut self, bytes: &[u8]) -> Result<(), End> {
        let message = match self.rules.read_as.read(bytes) {
            Ok(message) => message,
            Err(error) => {
                events::unreadable(self.peer, &error);
                let answer = unreadable(&error, bytes);
                let answers = if self.rules.acknowledge == Acknowledge::Never { Vec::new() } else { vec![answer] };
                return self.write(&answers).await.map_err(End::Broken);
            }
        };
        let label = format!("message \"{}\" of {}", message.control_id().escape_debug(), self.peer);
        let outcome = self.work(&message, bytes, label.clone()).await.ok_or(End::InDoubt)?;
        let answers = answers(self.rules.acknowledge, &message, outcome);
        self.write(&answers).await.map_err(|error| {
            events::unanswered(&label, &error);
            End::Broken(error)
        })
    }

    /// Gives a message to a worker and waits for what becomes of it; `None` where nobody knows.
    async fn work(&self, message: &Hl7, bytes: &[u8], label: String) -> Option<Outcome> {
        let identity = self.rules.identity(message, bytes);
        let in_work = match identity {
            Some(id) => Some(self.works.begin(id).await),
            None => None,
        };
        let (outcome, decided) = oneshot::channel();
        let said = Said::default();
        let ticket = MllpTicket { said: said.clone(), outcome, in_work };
        let received = ReceivedHl7 { hl7: message.clone(), peer: self.peer, said };
        // Where nobody takes it any more, the ticket is dropped, and `decided` says so.
        let _ = self.bring.send(Arrived { received, identity, label, ticket }).await;
        decided.await.ok()
    }

    async fn write(&mut self, answers: &[Hl7]) -> std::io::Result<()> {
        let mut frames = Vec::new();
        for answer in answers {
            frames.extend(encode(&bytes_of(answer)).map_err(std::io::Error::other)?);
        }
        timeout(self.rules.message_timeout, self.stream.write_all(&frames)).await?
    }

    /// Says why the connection is closed, so that the sender's log says it too.
    async fn farewell(&mut self, error: FrameError) {
        if self.rules.acknowledge == Acknowledge::Never || matches!(error, FrameError::CutOff { .. }) {
            return;
        }
        if self.write(&[garbled(&error.to_string())]).await.is_err() || self.stream.shutdown().await.is_err() {
            return;
        }
        let mut chunk = vec![0; CHUNK];
        let drained = async { while matches!(self.stream.read(&mut chunk).await, Ok(length) if length > 0) {} };
        // Who goes on sending is cut off.
        let _ = timeout(LINGER, drained).await;
    }
}

async fn passed(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
