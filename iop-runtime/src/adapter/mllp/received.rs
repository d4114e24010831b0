//! A message as a service gets it, and what takes its answer back to the connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::answers::Outcome;
use super::listener::InWork;
use crate::component::Error;
use crate::hl7::{Ack, Hl7};

/// What the service has said while it worked on a message; it goes out when the turn has ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Said(Arc<Mutex<Option<Outcome>>>);

impl Said {
    fn say(&self, outcome: Outcome) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    pub(super) fn take(&self) -> Option<Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A message as a service gets it.
///
/// Where `on_process_input` ends well, the sender is told `AA`, as soon as what was sent is stored. Where it fails, the sender
/// is told `AE` with the text of the error, and has the message still. So a service that
/// [sends without waiting](crate::component::Context::send_request_async) acknowledges what is stored, and one that waits for
/// a response acknowledges what the application has said.
///
/// ```
/// use iop::adapter::mllp::{MllpInbound, ReceivedHl7};
/// use iop::hl7::{Ack, Hl7, hl7};
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Admission {
///     #[sensitive]
///     pub hl7: Hl7,
/// }
///
/// #[business_service(adapter = MllpInbound)]
/// pub struct Admissions {
///     #[target]
///     out: Target<Admission>,
/// }
///
/// #[handlers]
/// impl Admissions {
///     async fn on_process_input(&mut self, received: ReceivedHl7, cx: &mut Context) -> Result {
///         if received.hl7.code() != "ADT" {
///             let no = Ack::reject("only ADT is taken here").because("200", "Unsupported message type");
///             return Err(received.refuse(no.at(hl7!(MSH-9.1))));
///         }
///         cx.send_request_async(&self.out, Admission { hl7: received.hl7 }).await?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedHl7 {
    /// The message.
    pub hl7: Hl7,
    /// Who has sent it.
    pub peer: SocketAddr,
    pub(super) said: Said,
}

impl ReceivedHl7 {
    /// Has this message sent in place of `AA`, when the turn has ended well: the response to a query, or an acknowledgement
    /// with more in it. The sender that sends the same message again gets a plain `AA`, if it was stored; a service whose
    /// answers matter sets `duplicates = "taken"`.
    pub fn answer_with(&self, answer: Hl7) {
        self.said.say(Outcome::Taken(Some(answer)));
    }

    /// The error to return, so that the sender gets this acknowledgement: `return Err(received.refuse(Ack::reject("…")))`.
    /// The message is not stored.
    #[must_use = "return it: the sender is told when the turn has failed"]
    pub fn refuse(&self, ack: Ack) -> Error {
        let error = Error::fatal(format!("{}: {}", ack.code().as_str(), ack.text()));
        self.said.say(Outcome::Refused(ack));
        error
    }
}

/// What takes the answer back to the connection. Where it is dropped without one, the connection is closed, and
/// the sender sends again.
#[derive(Debug)]
pub struct MllpTicket {
    pub(super) said: Said,
    pub(super) outcome: oneshot::Sender<Outcome>,
    pub(super) in_work: Option<InWork>,
}

impl MllpTicket {
    pub(super) fn accepted(self) {
        let said = self.said.take().filter(|said| matches!(said, Outcome::Taken(_)));
        self.end(said.unwrap_or(Outcome::Taken(None)));
    }

    pub(super) fn refused(self, error: &str) {
        let said = self.said.take().filter(|said| matches!(said, Outcome::Refused(_)));
        self.end(said.unwrap_or_else(|| Outcome::Refused(Ack::error(error))));
    }

    fn end(self, outcome: Outcome) {
        // The next of the same identity may only be looked up now.
        drop(self.in_work);
        // The connection waits for it, unless everything ends.
        let _ = self.outcome.send(outcome);
    }
}
