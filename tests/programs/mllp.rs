//! A production that takes HL7 over MLLP, does with it what its events say, and kills its own process at the moment that the
//! environment names.

#[path = "mortal.rs"]
mod mortal;

use std::path::PathBuf;

use iop::adapter::file::KeyedLines;
use iop::adapter::mllp::{MllpInbound, MllpInboundFields, MllpTicket, ReceivedHl7};
use iop::adapter::{Committed, InboundAdapter, Inputs, Received};
use iop::component::ItemConfig;
use iop::hl7::{Ack, Hl7, hl7};
use iop::prelude::*;
use iop::settings::SettingDecl;

use mortal::die_at;

/// The adapter, with a moment between the commit and the acknowledgement.
struct Mortal(MllpInbound);

impl InboundAdapter for Mortal {
    type Input = ReceivedHl7;
    type Ticket = MllpTicket;
    type Fields = MllpInboundFields;
    const SETTINGS: &'static [SettingDecl] = MllpInbound::SETTINGS;
    const INPUTS: Inputs = MllpInbound::INPUTS;

    fn build(config: &ItemConfig) -> Result<Self> {
        MllpInbound::build(config).map(Self)
    }

    async fn open(&mut self) -> Result {
        self.0.open().await
    }

    async fn receive(&mut self) -> Result<Received<ReceivedHl7, MllpTicket>> {
        self.0.receive().await
    }

    async fn accepted(&mut self, ticket: MllpTicket, receipt: Committed) -> Result {
        die_at("before it is acknowledged");
        self.0.accepted(ticket, receipt).await
    }

    async fn refused(&mut self, ticket: MllpTicket, error: &str) -> Result {
        self.0.refused(ticket, error).await
    }

    async fn arrival(&mut self) {
        self.0.arrival().await;
    }

    async fn stopping(&mut self) {
        self.0.stopping().await;
    }
}

#[message]
struct Admission {
    #[key]
    control_id: String,
    #[sensitive]
    hl7: Hl7,
}

#[message(response = Verdict)]
struct Question {
    #[key]
    control_id: String,
}

#[message]
struct Verdict {
    text: String,
}

#[business_service(adapter = Mortal)]
struct Intake {
    #[target]
    out: Target<Admission>,
    #[target]
    ask: Target<Question>,
}

#[handlers]
impl Intake {
    async fn on_process_input(&mut self, received: ReceivedHl7, cx: &mut Context) -> Result {
        let control_id = received.hl7.control_id().into_owned();
        match &*received.hl7.event() {
            "A01" => {
                cx.send_request_async(&self.out, Admission { control_id, hl7: received.hl7 }).await?;
                die_at("before it is stored");
                Ok(())
            }
            // Acknowledged by the application.
            "A02" => {
                let verdict = cx.send_request_sync(&self.ask, Question { control_id }).await?;
                let answer = Ack::error(verdict.text).with_code(iop::hl7::AckCode::Accept);
                received.answer_with(answer.answer(&received.hl7, "own", iop::clock::Timestamp(0)));
                Ok(())
            }
            "A03" => {
                let no = Ack::reject("A03 is not taken here").because("201", "Unsupported event code");
                Err(received.refuse(no.at(hl7!(MSH:9.2))))
            }
            "A04" => Err(Error::retry("no bed is free")),
            event => panic!("what is {event}?"),
        }
    }
}

/// Keeps a line for each message: the same message is a second line only where it was stored twice.
#[business_operation]
struct Keeper {
    #[setting]
    file: PathBuf,
    lines: KeyedLines,
}

#[handlers]
impl Keeper {
    async fn on_init(&mut self) -> Result {
        self.lines = KeyedLines::open(&self.file, |line| line.split(' ').next().map(str::to_owned)).await?;
        Ok(())
    }

    async fn keep(&mut self, admission: Admission, cx: &mut Context) -> Result {
        self.lines.append(format!("{} {}", cx.idempotency_key(), admission.control_id)).await?;
        Ok(())
    }
}

/// Decides when somebody has made the file `decided`.
#[business_operation]
struct Judge;

#[handlers]
impl Judge {
    async fn decide(&mut self, question: Question) -> Result<Verdict> {
        std::fs::write(format!("asked-{}", question.control_id), "")?;
        while !std::fs::exists("decided")? {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Verdict { text: format!("{} was looked at", question.control_id) })
    }
}

production! {
    Ward {
        intake: Intake { address: "127.0.0.1:0", out: keeper, ask: judge },
        keeper: Keeper { file: "out/lines.txt" },
        #[item(pool_size = 4)]
        judge: Judge {},
    }
}

fn main() -> ExitCode {
    iop::run::<Ward>()
}
