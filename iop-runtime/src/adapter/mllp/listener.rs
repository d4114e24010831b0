//! What the workers of a listening item have in common: the socket, its connections, and what these have brought.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::connection::Connection;
use super::events;
use super::network;
use super::received::{MllpTicket, ReceivedHl7};
use super::settings::Rules;
use crate::component::{Error, Result};
use crate::message::MessageId;

/// The pause after the system gave no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A message that a connection has brought.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) received: ReceivedHl7,
    pub(super) identity: Option<MessageId>,
    pub(super) label: String,
    pub(super) ticket: MllpTicket,
}

/// A listening socket with its connections. What connections bring waits here for a worker, one message for each of them at
/// most. When the last worker lets go of it, the connections end: each as soon as its message has its answer.
#[derive(Debug)]
pub(super) struct Listener {
    rules: Arc<Rules>,
    arrived: AsyncMutex<mpsc::Receiver<Arrived>>,
    /// Until it listens; then whoever accepts has it, and each connection. So the end of all of them ends what arrives.
    bring: AsyncMutex<Option<mpsc::Sender<Arrived>>>,
    closing: CancellationToken,
}

impl Listener {
    pub(super) fn new(rules: Rules) -> Self {
        // A connection brings one message and then waits, so that none finds it full.
        let (bring, arrived) = mpsc::channel(rules.max_connections.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            rules: Arc::new(rules),
            arrived: AsyncMutex::new(arrived),
            bring: AsyncMutex::new(Some(bring)),
            closing: CancellationToken::new(),
        }
    }

    /// Not of an earlier run that is ending.
    pub(super) fn is_open(&self) -> bool {
        !self.closing.is_cancelled()
    }

    /// Listens; the first worker does it for all.
    pub(super) async fn open(&self, address: SocketAddr) -> Result {
        let mut bring = self.bring.lock().await;
        if bring.is_none() {
            return Ok(());
        }
        let socket = TcpListener::bind(address).await;
        let socket = socket.map_err(|error| Error::unavailable(format!("cannot listen on {address}: {error}")))?;
        let Some(bring) = bring.take() else { return Ok(()) };
        events::listening(socket.local_addr().unwrap_or(address));
        let accepting = Accepting {
            rules: Arc::clone(&self.rules),
            bring,
            closing: self.closing.clone(),
            works: Arc::default(),
            room: Arc::new(Semaphore::new(self.rules.max_connections.clamp(1, Semaphore::MAX_PERMITS))),
            is_full: false,
            stranger: None,
        };
        tokio::spawn(accepting.accept(socket).instrument(Span::current()));
        Ok(())
    }

    /// What is there, and nobody waits for: another worker that does would have it.
    pub(super) fn there(&self) -> Option<Arrived> {
        self.arrived.try_lock().ok()?.try_recv().ok()
    }

    /// What comes next; `None` when every connection has ended. May be dropped at any time.
    pub(super) async fn next(&self) -> Option<Arrived> {
        self.arrived.lock().await.recv().await
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.closing.cancel();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

/// What takes connections.
struct Accepting {
    rules: Arc<Rules>,
    bring: mpsc::Sender<Arrived>,
    closing: CancellationToken,
    works: Arc<Works>,
    room: Arc<Semaphore>,
    is_full: bool,
    /// Who was turned away last because nobody knows him: it is said once.
    stranger: Option<IpAddr>,
}

impl Accepting {
    async fn accept(mut self, socket: TcpListener) {
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.closing.cancelled() => break,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    failing = false;
                    self.connected(stream, peer);
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        events::not_accepted(error);
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        if let Ok(address) = socket.local_addr() {
            events::closing(address);
        }
    }

    fn connected(&mut self, stream: TcpStream, peer: SocketAddr) {
        if !self.rules.admits(peer.ip()) {
            if self.stranger.replace(peer.ip()) != Some(peer.ip()) {
                events::stranger(peer);
            }
            return;
        }
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            if !std::mem::replace(&mut self.is_full, true) {
                events::full(peer, self.rules.max_connections);
            }
            return;
        };
        self.is_full = false;
        // Without it, all that it costs is time.
        let _ = network::set(&stream);
        let (rules, works) = (Arc::clone(&self.rules), Arc::clone(&self.works));
        let connection = Connection::new(stream, peer, rules, self.bring.clone(), works);
        let closing = self.closing.clone();
        tokio::spawn(serve(connection, closing, permit).instrument(Span::current()));
    }
}

async fn serve(connection: Connection, closing: CancellationToken, permit: OwnedSemaphorePermit) {
    connection.serve(&closing).await;
    drop(permit);
}

/// The identities of what is worked on now. A sender that gives up waiting, connects anew and sends the message again must not
/// have it worked on twice at a time.
#[derive(Debug, Default)]
pub(super) struct Works {
    now: Mutex<HashSet<MessageId>>,
    ended: Notify,
}

/// Held while a message is worked on.
#[derive(Debug)]
pub(super) struct InWork {
    works: Arc<Works>,
    id: MessageId,
}

impl Works {
    /// Waits until nobody works on this message.
    pub(super) async fn begin(self: &Arc<Self>, id: MessageId) -> InWork {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            // Before looking, so that no end is missed.
            ended.as_mut().enable();
            if self.now.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
                return InWork { works: Arc::clone(self), id };
            }
            ended.await;
        }
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.works.now.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        self.works.ended.notify_waiters();
    }
}
