//! HL7 v2 from files: each message goes where its type and event say, and is answered with an acknowledgement in a file.
//!
//! ```text
//! cargo run --bin hl7                          takes the sample and watches the folder
//! cargo run --bin hl7 -- run --until-idle      ends when nothing is left to do
//! ```

pub mod acknowledgements;
pub mod departments;
pub mod desk;
pub mod intake;
pub mod messages;
pub mod site;

use iop::prelude::*;

use acknowledgements::Acknowledgements;
use departments::{Patients, Results, Unknown};
use desk::{ByEvent, Desk};
use intake::WardFiles;

/// Where messages are put.
pub const INBOX: &str = "iop-data/hl7-inbox";
/// Where the results are.
pub const OUT: &str = "iop-data/hl7-out";

production! {
    /// Takes files of HL7 v2 messages from a folder, keeps patients and results as lines, and writes an acknowledgement for
    /// each message.
    pub Hospital {
        intake: WardFiles { path: INBOX, pattern: "*.hl7", stable: "500ms", desk: desk, unreadable: acknowledgements },
        desk: Desk { department: by_event, acknowledgements: acknowledgements },
        by_event: ByEvent { patients: patients, results: results, unknown: unknown },
        patients: Patients { folder: OUT },
        results: Results { folder: OUT },
        unknown: Unknown {},
        acknowledgements: Acknowledgements { folder: OUT },
    }
}
