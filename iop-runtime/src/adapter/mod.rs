//! Adapters: how the outside reaches a service, and how an operation reaches the outside.
//!
//! An inbound adapter gives each input once with a [`Inbound::ticket`]; the ticket comes back with a [`Committed`]
//! receipt, which only a commit makes: acknowledging before the message is stored does not compile.

pub mod file;
#[cfg(feature = "hl7")]
pub mod mllp;

use std::any::Any;
use std::future::Future;

use futures_util::future::BoxFuture;

use crate::component::{Fields, ItemConfig, Result};
use crate::message::MessageId;
use crate::settings::SettingDecl;

/// Brings input to a service. The engine calls [`receive`](Self::receive) again and again, every `call_interval` while
/// there is nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an inbound adapter",
    label = "not an adapter",
    note = "name a type that implements `iop::adapter::InboundAdapter`, such as `iop::adapter::file::FileInbound` [iop E06]"
)]
pub trait InboundAdapter: Sized + Send + 'static {
    /// What `on_process_input` of the service takes.
    type Input: Send + 'static;
    /// What identifies an input when it is acknowledged.
    type Ticket: Send + 'static;
    /// Its settings as `production!` fills them in.
    type Fields: Fields;
    /// Its settings.
    const SETTINGS: &'static [SettingDecl];
    /// How its inputs come.
    const INPUTS: Inputs = Inputs::Fetched;

    /// A fresh adapter.
    ///
    /// # Errors
    /// Where a setting cannot be read.
    fn build(config: &ItemConfig) -> Result<Self>;

    /// Whether the outside can be reached, of an adapter that is not open: `check --connect` asks. Nothing is taken, made or
    /// held by it. `None` where nobody can say.
    fn check(&mut self) -> impl Future<Output = Option<Result>> + Send {
        std::future::ready(None)
    }

    /// Prepares, before the first `receive`: checks that folders exist, binds ports. Called again after a failure.
    fn open(&mut self) -> impl Future<Output = Result> + Send;

    /// The next input, if there is one now.
    fn receive(&mut self) -> impl Future<Output = Result<Received<Self::Input, Self::Ticket>>> + Send;

    /// The input is stored, or was stored before ([`Committed::duplicate`]): it may be forgotten outside.
    fn accepted(&mut self, ticket: Self::Ticket, receipt: Committed) -> impl Future<Output = Result> + Send;

    /// The service failed on the input for good: it must be set aside where a person finds it, never deleted. Where somebody
    /// has [brought](Inputs::Brought) it, that is whom to tell.
    fn refused(&mut self, ticket: Self::Ticket, error: &str) -> impl Future<Output = Result> + Send;

    /// Something has come: `receive` is called at once, and not only when `call_interval` is over. May be dropped at any time.
    fn arrival(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Nothing more is to be let in. Called once of what is [brought](Inputs::Brought); then `receive` until it gives
    /// nothing, and only then does the worker end: what has been read is finished, and its answers are written.
    fn stopping(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// How inputs come to an adapter, and with that, who has them again when the service fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// They lie outside, and the adapter looks. One worker does, else several would fetch the same. An input that fails is
    /// given again, as the item's `attempts` say; while the store has no room, nothing is fetched.
    Fetched,
    /// Somebody brings them and waits for the answer. As many workers as `pool_size` says take them, each with an adapter of
    /// its own (see [`ItemConfig::shared`]). What cannot be taken is refused at once, also while the store has no room: who
    /// brought it has it, and will bring it again.
    Brought,
}

/// What [`InboundAdapter::receive`] found.
#[derive(Debug)]
pub enum Received<I, T> {
    /// An input.
    Input(Inbound<I, T>),
    /// Something is there but not ready, such as a file that is still being written.
    NotYet,
    /// Nothing.
    Nothing,
}

/// An input and what it takes to acknowledge it.
#[derive(Debug)]
pub struct Inbound<I, T> {
    /// The input.
    pub input: I,
    /// Its identity, where it has one that survives a crash (a file's name and content): the same identity is processed
    /// once. `None` where every input is new.
    pub identity: Option<MessageId>,
    /// What it is, for the log.
    pub label: String,
    /// Comes back with the receipt.
    pub ticket: T,
}

/// Proof that an input is stored. Only the engine makes one, from a commit.
#[derive(Debug)]
pub struct Committed {
    duplicate: bool,
}

impl Committed {
    pub(crate) fn new(duplicate: bool) -> Self {
        Self { duplicate }
    }

    /// The same input was stored before; this time nothing was.
    #[must_use]
    pub fn duplicate(&self) -> bool {
        self.duplicate
    }
}

/// What an adapter found, with its types erased.
#[doc(hidden)]
pub type AnyReceived = Received<Box<dyn Any + Send>, Box<dyn Any + Send>>;

/// An inbound adapter with its types erased: what the engine drives.
#[doc(hidden)]
pub trait DynAdapter: Send {
    /// See [`InboundAdapter::check`].
    fn check(&mut self) -> BoxFuture<'_, Option<Result>>;
    /// See [`InboundAdapter::open`].
    fn open(&mut self) -> BoxFuture<'_, Result>;
    /// See [`InboundAdapter::receive`].
    fn receive(&mut self) -> BoxFuture<'_, Result<AnyReceived>>;
    /// See [`InboundAdapter::accepted`].
    fn accepted(&mut self, ticket: Box<dyn Any + Send>, receipt: Committed) -> BoxFuture<'_, Result>;
    /// See [`InboundAdapter::refused`].
    fn refused<'a>(&'a mut self, ticket: Box<dyn Any + Send>, error: &'a str) -> BoxFuture<'a, Result>;
    /// See [`InboundAdapter::arrival`].
    fn arrival(&mut self) -> BoxFuture<'_, ()>;
    /// See [`InboundAdapter::stopping`].
    fn stopping(&mut self) -> BoxFuture<'_, ()>;
}

/// Erases an adapter's types.
#[doc(hidden)]
#[derive(Debug)]
pub struct AdapterDriver<A>(A);

impl<A: InboundAdapter> AdapterDriver<A> {
    /// Drives `adapter`.
    pub fn new(adapter: A) -> Self {
        Self(adapter)
    }
}

fn ticket_of<A: InboundAdapter>(ticket: Box<dyn Any + Send>) -> Result<A::Ticket> {
    ticket
        .downcast()
        .map(|ticket| *ticket)
        .map_err(|_| crate::component::Error::fatal("a ticket of another adapter came back"))
}

impl<A: InboundAdapter> DynAdapter for AdapterDriver<A> {
    fn check(&mut self) -> BoxFuture<'_, Option<Result>> {
        Box::pin(self.0.check())
    }

    fn open(&mut self) -> BoxFuture<'_, Result> {
        Box::pin(self.0.open())
    }

    fn receive(&mut self) -> BoxFuture<'_, Result<AnyReceived>> {
        Box::pin(async {
            Ok(match self.0.receive().await? {
                Received::Input(Inbound { input, identity, label, ticket }) => Received::Input(Inbound {
                    input: Box::new(input) as Box<dyn Any + Send>,
                    identity,
                    label,
                    ticket: Box::new(ticket) as Box<dyn Any + Send>,
                }),
                Received::NotYet => Received::NotYet,
                Received::Nothing => Received::Nothing,
            })
        })
    }

    fn accepted(&mut self, ticket: Box<dyn Any + Send>, receipt: Committed) -> BoxFuture<'_, Result> {
        Box::pin(async move { self.0.accepted(ticket_of::<A>(ticket)?, receipt).await })
    }

    fn refused<'a>(&'a mut self, ticket: Box<dyn Any + Send>, error: &'a str) -> BoxFuture<'a, Result> {
        Box::pin(async move { self.0.refused(ticket_of::<A>(ticket)?, error).await })
    }

    fn arrival(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.arrival())
    }

    fn stopping(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.stopping())
    }
}
