//! Who a message is for, and what its sender is told.

use iop::clock::Timestamp;
use iop::hl7::{Ack, Path};
use iop::prelude::*;

use super::messages::{Acknowledgement, Received, Verdict};
use super::site::SITE;

router! {
    /// Asks the department that a message is for.
    pub ByEvent(received: &Received) -> Verdict {
        match (received.code.as_str(), received.event.as_str()) {
            ("ADT", "A01" | "A04" | "A08") => patients,
            ("ORU", "R01") => results,
            otherwise => unknown,
        }
    }
}

/// Has each message looked after, and its sender answered.
#[business_process]
pub struct Desk {
    #[target]
    department: Target<Received>,
    #[target]
    acknowledgements: Target<Acknowledgement>,
}

#[handlers]
impl Desk {
    async fn take(&mut self, received: Received, cx: &mut Context) -> Result<Verdict> {
        let verdict = cx.send_request_sync(&self.department, received.clone()).await?;
        let ack = match &verdict {
            Verdict::Taken => Ack::accept(),
            Verdict::Wrong { why, place } => match Path::parse(place, &SITE) {
                Ok(place) => Ack::error(why).at(place),
                Err(_) => Ack::error(why),
            },
            Verdict::Refused { kind } => {
                Ack::reject(format!("{kind} is not taken here")).because("200", "Unsupported message type")
            }
        };
        // Its id and time are the same in every attempt: an answer that is made twice is one.
        let accepted = cx.message().map_or(Timestamp(0), |header| header.created);
        let hl7 = ack.answer(&received.hl7, &cx.idempotency_key().to_string(), accepted);
        let answer = Acknowledgement { name: received.control_id, hl7 };
        cx.send_request_async(&self.acknowledgements, answer).response_required(false).await?;
        Ok(verdict)
    }
}
