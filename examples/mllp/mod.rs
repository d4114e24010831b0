//! HL7 over MLLP, in and out: admissions come in over the network, and each goes on to those whom its event concerns.
//!
//! ```text
//! cargo run --bin mllp         listens on 127.0.0.1:2575, and sends to 127.0.0.1:2576 and 2577
//! ```

use iop::adapter::mllp::{MllpInbound, MllpSender, ReceivedHl7, Refusal};
use iop::hl7::{Ack, Hl7, hl7};
use iop::prelude::*;

/// A message about a patient, with what it is found by.
#[message]
#[derive(Clone)]
pub struct Admission {
    /// MSH-10.
    #[key]
    pub control_id: String,
    /// PID-3.1. The index has only its hash.
    #[key(hashed)]
    #[sensitive]
    pub patient: String,
    /// MSH-9.2.
    pub event: String,
    /// All of it, to the letter.
    #[sensitive]
    pub hl7: Hl7,
}

impl From<Hl7> for Admission {
    fn from(hl7: Hl7) -> Self {
        Self {
            control_id: hl7.control_id().into_owned(),
            patient: hl7.get(hl7!(PID:3.1)).to_string(),
            event: hl7.event().into_owned(),
            hl7,
        }
    }
}

/// Takes admissions. A sender is told `AA` when its message is stored, and `AR` where it is none.
#[business_service(adapter = MllpInbound)]
pub struct Admissions {
    #[target]
    out: Target<Admission>,
}

#[handlers]
impl Admissions {
    async fn on_process_input(&mut self, received: ReceivedHl7, cx: &mut Context) -> Result {
        if received.hl7.code() != "ADT" {
            let no = Ack::reject("only ADT is taken here").because("200", "Unsupported message type");
            return Err(received.refuse(no.at(hl7!(MSH:9.1))));
        }
        cx.send_request_async(&self.out, Admission::from(received.hl7)).await?;
        Ok(())
    }
}

router! {
    /// The laboratory has all of them, the billing what it can bill.
    pub WhomItConcerns(admission: &Admission) {
        match admission.event.as_str() {
            "A03" => [laboratory, billing],
            otherwise => laboratory,
        }
    }
}

/// Sends what it gets to another system, in order, and waits for each acknowledgement.
#[business_operation]
pub struct Neighbour {
    /// Where the other system listens.
    #[setting]
    address: String,
    /// How long it may take to acknowledge a message.
    #[setting(default = "30s")]
    answer_within: Duration,
    /// What its `AE` means.
    #[setting(default = "retry")]
    on_error: Refusal,
    line: MllpSender,
}

#[handlers]
impl Neighbour {
    async fn on_init(&mut self) -> Result {
        self.line = MllpSender::to(&self.address).answer_within(self.answer_within).on_error(self.on_error);
        Ok(())
    }

    async fn on_check(&self) -> Result {
        MllpSender::to(&self.address).check().await
    }

    async fn send(&mut self, admission: Admission) -> Result {
        self.line.send(&admission.hl7).await?;
        Ok(())
    }
}

production! {
    /// Takes admissions over MLLP and sends each to the systems that it concerns.
    pub Forward {
        admissions: Admissions { address: "127.0.0.1:2575", out: whom },
        whom: WhomItConcerns { laboratory: laboratory, billing: billing },
        laboratory: Neighbour { address: "127.0.0.1:2576" },
        billing: Neighbour { address: "127.0.0.1:2577" },
    }
}
