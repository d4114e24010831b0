//! [`MllpInbound`]: the inbound adapter of a service that others send HL7 to.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::listener::{Arrived, Listener};
use super::network::Network;
use super::received::{MllpTicket, ReceivedHl7};
use super::settings::{Acknowledge, Duplicates, ReadAs, Rules};
use crate::adapter::{Committed, Inbound, InboundAdapter, Inputs, Received};
use crate::component::{Error, Fields, IntoSetting, ItemConfig, Result, SettingField, Wiring};
use crate::settings::{ByteSize, SettingDecl};

/// Listens for HL7 v2 over MLLP.
///
/// A message is acknowledged when what the service has sent is stored and on the disk, never earlier. What cannot be taken is
/// refused at once with the reason, and the sender has it still: nothing is tried again here. See [`ReceivedHl7`] for what the
/// service says about the answer.
///
/// - The messages of a connection are worked on one after the other, in the order in which they came. `pool_size` says how
///   many connections are served at a time; with one worker the order holds over all of them.
/// - The same message again, because its acknowledgement got lost, is acknowledged and not processed again: see `duplicates`.
/// - At a stop nobody can connect any more, what has come whole is finished and answered, and the connections are closed.
/// - While the store has no room, everything is refused with `AE`.
/// - What is no MLLP, or too long, is answered with `AR`, and the connection is closed: where the next message begins, nobody
///   knows. A frame with something in it that is no HL7 is answered with `AR`, and the connection stays.
///
/// # Settings
///
/// | setting | default | |
/// |---|---|---|
/// | `address` | | where to listen: `0.0.0.0:2575` |
/// | `acknowledge` | `as_asked` | as MSH-15 and MSH-16 ask, `AA`, `AE` and `AR` where they are empty; `always` those; `never` anything |
/// | `duplicates` | `same_bytes` | which messages are the same one: those with MSH-3, MSH-4 and MSH-10 alike and `same_bytes`, or `same_control_id` only; or all are `taken` |
/// | `read_as` | `msh18` | the charset: as MSH-18 says; or `utf8`, `latin1`, `latin9` whatever it says |
/// | `max_bytes` | `16MiB` | the longest message |
/// | `max_connections` | 100 | at a time; more are turned away |
/// | `peers` | | who may connect: addresses and networks, `["192.0.2.7", "10.1.0.0/16"]`; everybody, where it is left out |
/// | `message_timeout` | `30s` | how long a message may take from its first byte to its last, and its answer to be read |
/// | `idle_timeout` | `24h` | how long a connection may be quiet; `0s` for ever |
///
/// A service may declare one of them as a `#[setting]` of its own, to read it or to give it another default.
#[derive(Debug)]
pub struct MllpInbound {
    listener: Arc<Listener>,
    address: SocketAddr,
    /// Taken from the listener and not given to the engine yet.
    next: Option<Arrived>,
    stopping: bool,
}

/// The settings of [`MllpInbound`] as `production!` fills them in.
#[derive(Debug, Default)]
pub struct MllpInboundFields {
    /// Where to listen.
    pub address: SettingField<SocketAddr>,
    /// What is answered.
    pub acknowledge: SettingField<Acknowledge>,
    /// Which messages are the same one.
    pub duplicates: SettingField<Duplicates>,
    /// The charset.
    pub read_as: SettingField<ReadAs>,
    /// The longest message.
    pub max_bytes: SettingField<ByteSize>,
    /// Connections at a time.
    pub max_connections: SettingField<u32>,
    /// Who may connect.
    pub peers: SettingField<Vec<Network>>,
    /// How long a message may take to come.
    pub message_timeout: SettingField<Duration>,
    /// How long a connection may be quiet.
    pub idle_timeout: SettingField<Duration>,
}

impl Fields for MllpInboundFields {
    fn wiring(self) -> Wiring {
        let mut wiring = Wiring::default();
        wiring.setting("address", self.address);
        wiring.setting("acknowledge", self.acknowledge);
        wiring.setting("duplicates", self.duplicates);
        wiring.setting("read_as", self.read_as);
        wiring.setting("max_bytes", self.max_bytes);
        wiring.setting("max_connections", self.max_connections);
        wiring.setting("peers", self.peers);
        wiring.setting("message_timeout", self.message_timeout);
        wiring.setting("idle_timeout", self.idle_timeout);
        wiring
    }
}

fn rules(config: &ItemConfig) -> Result<Rules> {
    let max_bytes: ByteSize = config.setting("max_bytes")?;
    let max_connections: u32 = config.setting("max_connections")?;
    let idle_timeout: Duration = config.setting("idle_timeout")?;
    Ok(Rules {
        item: config.item.to_string(),
        acknowledge: config.setting("acknowledge")?,
        duplicates: config.setting("duplicates")?,
        read_as: config.setting("read_as")?,
        max_bytes: usize::try_from(max_bytes.bytes()).unwrap_or(usize::MAX),
        max_connections: usize::try_from(max_connections).unwrap_or(usize::MAX),
        peers: config.setting("peers")?,
        message_timeout: config.setting("message_timeout")?,
        idle_timeout: Some(idle_timeout).filter(|timeout| !timeout.is_zero()),
    })
}

impl InboundAdapter for MllpInbound {
    type Input = ReceivedHl7;
    type Ticket = MllpTicket;
    type Fields = MllpInboundFields;

    const INPUTS: Inputs = Inputs::Brought;
    const SETTINGS: &'static [SettingDecl] = &[
        SettingDecl::new::<SocketAddr>("address", "Where to listen: an address of this machine and a port.", None),
        SettingDecl::new::<Acknowledge>(
            "acknowledge",
            "Answers as MSH-15 and MSH-16 ask; or always AA, AE and AR; or never.",
            Some(|| IntoSetting::<Acknowledge>::into_raw(Acknowledge::AsAsked)),
        ),
        SettingDecl::new::<Duplicates>(
            "duplicates",
            "Which messages of a sender are the same one sent again, and not processed again.",
            Some(|| IntoSetting::<Duplicates>::into_raw(Duplicates::SameBytes)),
        ),
        SettingDecl::new::<ReadAs>(
            "read_as",
            "The charset of what comes.",
            Some(|| IntoSetting::<ReadAs>::into_raw(ReadAs::Msh18)),
        ),
        SettingDecl::new::<ByteSize>(
            "max_bytes",
            "The longest message.",
            Some(|| IntoSetting::<ByteSize>::into_raw("16MiB")),
        ),
        SettingDecl::new::<u32>(
            "max_connections",
            "Connections at a time; more are turned away.",
            Some(|| IntoSetting::<u32>::into_raw(100)),
        )
        .min(|| IntoSetting::<u32>::into_raw(1), Some(1)),
        SettingDecl::new::<Vec<Network>>(
            "peers",
            "Who may connect: addresses and networks. Where nobody is named, everybody.",
            Some(|| IntoSetting::<Vec<Network>>::into_raw([] as [Network; 0])),
        ),
        SettingDecl::new::<Duration>(
            "message_timeout",
            "How long a message may take from its first byte to its last, and its answer to be read.",
            Some(|| IntoSetting::<Duration>::into_raw("30s")),
        ),
        SettingDecl::new::<Duration>(
            "idle_timeout",
            "How long a connection may be quiet; 0s for ever.",
            Some(|| IntoSetting::<Duration>::into_raw("24h")),
        ),
    ];

    fn build(config: &ItemConfig) -> Result<Self> {
        let rules = rules(config)?;
        let listener = config.shared(Listener::is_open, || Listener::new(rules));
        Ok(Self { listener, address: config.setting("address")?, next: None, stopping: false })
    }

    async fn check(&mut self) -> Option<Result> {
        match TcpListener::bind(self.address).await {
            Ok(_) => Some(Ok(())),
            // Most likely the production that runs.
            Err(error) if error.kind() == ErrorKind::AddrInUse => None,
            Err(error) => Some(Err(Error::unavailable(format!("cannot listen on {}: {error}", self.address)))),
        }
    }

    async fn open(&mut self) -> Result {
        self.listener.open(self.address).await
    }

    async fn receive(&mut self) -> Result<Received<ReceivedHl7, MllpTicket>> {
        if self.next.is_none() {
            self.next = if self.stopping { self.listener.next().await } else { self.listener.there() };
        }
        Ok(match self.next.take() {
            Some(Arrived { received, identity, label, ticket }) => {
                Received::Input(Inbound { input: received, identity, label, ticket })
            }
            None => Received::Nothing,
        })
    }

    async fn accepted(&mut self, ticket: MllpTicket, _: Committed) -> Result {
        ticket.accepted();
        Ok(())
    }

    async fn refused(&mut self, ticket: MllpTicket, error: &str) -> Result {
        ticket.refused(error);
        Ok(())
    }

    async fn arrival(&mut self) {
        if self.next.is_none() {
            match self.listener.next().await {
                Some(arrived) => self.next = Some(arrived),
                // Nobody can bring anything any more: the stop is under way.
                None => std::future::pending().await,
            }
        }
    }

    async fn stopping(&mut self) {
        self.stopping = true;
        self.listener.close();
    }
}
