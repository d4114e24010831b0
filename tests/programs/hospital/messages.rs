//! What is sent between the wards, the laboratory and the record.

use iop::prelude::*;

/// Who is treated.
#[message(part)]
#[derive(Clone)]
pub(crate) struct Patient {
    /// Number of the record.
    #[sensitive]
    pub(crate) mrn: String,
    /// Family name and given name.
    #[sensitive]
    pub(crate) name: String,
    /// Where the patient lies.
    pub(crate) ward: String,
}

/// How soon it is needed.
#[message(part)]
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Urgency {
    /// Within the day.
    Routine,
    /// Within the hour.
    Urgent,
    /// At once.
    Stat,
}

/// A message of the wards, as it comes in.
#[message]
pub(crate) struct WardMessage {
    /// Its control id.
    #[key]
    pub(crate) control_id: String,
    /// What has happened.
    pub(crate) event: WardEvent,
    /// Of whom.
    pub(crate) patient: Patient,
}

/// What has happened on a ward.
#[message(part)]
pub(crate) enum WardEvent {
    /// A patient has come.
    Admitted {
        /// Number of the visit.
        visit: String,
    },
    /// Something is to be measured.
    Ordered {
        /// Number of the order.
        order_id: String,
        /// Codes of what is to be measured.
        tests: Vec<String>,
        /// How soon.
        urgency: Urgency,
    },
    /// Nobody understands it.
    Garbled {
        /// What came.
        text: String,
    },
}

/// A reading of a device at the bedside.
#[message]
pub(crate) struct Reading {
    /// The device.
    #[key]
    pub(crate) device: String,
    /// What it measures.
    pub(crate) code: String,
    /// What it has measured.
    pub(crate) value: f64,
    /// Of whom.
    pub(crate) patient: Patient,
}

/// An order to the laboratory.
#[message(response = LabReport)]
pub(crate) struct LabOrder {
    /// Number of the order.
    #[key]
    pub(crate) order_id: String,
    /// Of whom.
    pub(crate) patient: Patient,
    /// Codes of what is to be measured, such as `GLU`.
    pub(crate) tests: Vec<String>,
    /// How soon it is needed.
    pub(crate) urgency: Urgency,
    /// What else the laboratory should know.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// On which day the sample was taken.
    #[serde(default)]
    #[schemars(extend("format" = "date"))]
    pub(crate) taken: Option<String>,
}

/// What the laboratory has found.
#[message]
pub(crate) struct LabReport {
    /// Number of the order.
    #[key]
    pub(crate) order_id: String,
    /// One for each test.
    pub(crate) results: Vec<LabResult>,
}

/// A single measurement, ordered from the laboratory's system.
#[message(response = LabResult)]
pub(crate) struct LabRequest {
    /// Number of the order.
    #[key]
    pub(crate) order_id: String,
    /// Of whom.
    pub(crate) patient: Patient,
    /// Code of what is to be measured.
    pub(crate) test: String,
    /// How soon it is needed.
    pub(crate) priority: Urgency,
}

/// What was measured.
#[message]
#[derive(Clone)]
pub(crate) struct LabResult {
    /// Code of what was measured.
    pub(crate) test: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: String,
}

/// What is known of a patient?
#[message(response = EnrichResponse)]
pub(crate) struct EnrichRequest {
    /// Number of the order or visit.
    #[key]
    pub(crate) reference: String,
    /// Of whom.
    pub(crate) patient: Patient,
}

/// This is known.
#[message]
pub(crate) struct EnrichResponse {
    /// What must not be given.
    pub(crate) allergies: Vec<String>,
    /// Who treats the patient.
    pub(crate) physician: String,
}

/// A patient has come.
#[message]
pub(crate) struct Admission {
    /// Number of the visit.
    #[key]
    pub(crate) visit: String,
    /// Who.
    pub(crate) patient: Patient,
}

/// Something for the record.
#[message]
pub(crate) struct RecordEntry {
    /// Number of the order or visit.
    #[key]
    pub(crate) reference: String,
    /// Whose record.
    pub(crate) patient: Patient,
    /// What is entered.
    pub(crate) text: String,
}

/// A row for the database.
#[message]
pub(crate) struct Row {
    /// Of which table.
    pub(crate) table: String,
    /// What identifies it.
    #[key]
    pub(crate) reference: String,
}

/// Results from outside, in a list.
#[message]
pub(crate) struct ResultList {
    /// Name of the file.
    #[key]
    pub(crate) file: String,
    /// How many lines it has.
    pub(crate) lines: u32,
}

/// A file for the archive.
#[message]
pub(crate) struct ArchiveFile {
    /// Its name.
    #[key]
    pub(crate) file: String,
}

/// Something could not be done.
#[message]
pub(crate) struct Failure {
    /// Number of the order or visit.
    #[key]
    pub(crate) reference: String,
    /// Why not.
    pub(crate) reason: String,
    /// Whether it should be routed again.
    pub(crate) again: Option<Box<WardMessage>>,
}

/// Somebody should look at it.
#[message]
pub(crate) struct Notice {
    /// What it is about.
    pub(crate) subject: String,
    /// What there is to say.
    pub(crate) text: String,
}
