//! What travels in this production.

use iop::hl7::Hl7;
use iop::prelude::*;

/// A message that has arrived, with what it is found by.
#[message(response = Verdict)]
#[derive(Clone)]
pub struct Received {
    /// MSH-10.
    #[key]
    pub control_id: String,
    /// PID-3.1. The index has only its hash.
    #[key(hashed)]
    #[sensitive]
    pub patient: String,
    /// MSH-9.1.
    pub code: String,
    /// MSH-9.2.
    pub event: String,
    /// All of it, to the letter.
    #[sensitive]
    pub hl7: Hl7,
}

impl From<Hl7> for Received {
    fn from(hl7: Hl7) -> Self {
        Self {
            control_id: hl7.control_id().into_owned(),
            patient: hl7.get(iop::hl7::hl7!(PID:3.1)).to_string(),
            code: hl7.code().into_owned(),
            event: hl7.event().into_owned(),
            hl7,
        }
    }
}

/// What a department makes of a message.
#[message]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// Something in it is wrong.
    Wrong {
        /// What.
        why: String,
        /// Where, as a path.
        place: String,
    },
    /// Nobody here takes such messages.
    Refused {
        /// What it is.
        kind: String,
    },
}

/// An answer to be written.
#[message]
pub struct Acknowledgement {
    /// The name of its file.
    #[key]
    pub name: String,
    /// What is in it.
    pub hl7: Hl7,
}
