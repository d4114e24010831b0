//! The service that takes files of messages from a folder.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use iop::adapter::file::{FileInbound, FileOutbound, ReceivedFile};
use iop::clock::Timestamp;
use iop::hl7::{CharsetError, batch_of_bytes};
use iop::prelude::*;

use super::messages::{Acknowledgement, Received};

/// The sample, and its name in the folder.
pub const SAMPLE: (&str, &str) = ("sample.hl7", include_str!("data/sample.hl7"));

/// Takes files of one or more messages. What is no message is answered too; what is no file of messages is set aside.
#[business_service(adapter = FileInbound)]
pub struct WardFiles {
    /// The folder; made where it is missing.
    #[setting]
    path: PathBuf,
    /// Puts the sample into the folder, unless it was there before.
    #[setting(default = true)]
    sample: bool,
    #[target]
    desk: Target<Received>,
    #[target]
    unreadable: Target<Acknowledgement>,
}

#[handlers]
impl WardFiles {
    async fn on_init(&mut self) -> Result {
        let (name, content) = SAMPLE;
        let known =
            ["", ".work", ".archive", ".errors"].iter().any(|folder| self.path.join(folder).join(name).exists());
        if self.sample && !known {
            FileOutbound::open(&self.path).await?.write_once(name, content).await?;
        }
        Ok(())
    }

    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        let messages = batch_of_bytes(&file.bytes).map_err(|error| Error::fatal(format!("{}: {error}", file.name)))?;
        for (number, message) in (1..).zip(messages) {
            match message {
                Ok(hl7) => {
                    cx.send_request_async(&self.desk, Received::from(hl7)).response_required(false).await?;
                }
                Err(CharsetError::Parse(error)) => {
                    warn!("message {number} of {} is no HL7: {error}", file.name);
                    let name = format!("{}.{number}", file.name);
                    // As old as its file: the same in every attempt.
                    let hl7 = error.answer(&name, written_at(&file));
                    let answer = Acknowledgement { name, hl7 };
                    cx.send_request_async(&self.unreadable, answer).response_required(false).await?;
                }
                Err(error) => return Err(Error::fatal(format!("message {number} of {}: {error}", file.name))),
            }
        }
        Ok(())
    }
}

fn written_at(file: &ReceivedFile) -> Timestamp {
    let since = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or_default())
}
