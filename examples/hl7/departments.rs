//! Who does something with the messages.

use std::path::PathBuf;

use iop::adapter::file::KeyedLines;
use iop::hl7::{Hl7, Path, hl7};
use iop::prelude::*;

use super::messages::{Received, Verdict};
use super::site::SITE;

/// A line for each admission: control id, patient, name, diet.
#[business_operation]
pub struct Patients {
    /// Where the file is.
    #[setting]
    folder: PathBuf,
    lines: KeyedLines,
}

#[handlers]
impl Patients {
    async fn on_init(&mut self) -> Result {
        self.lines = KeyedLines::open(self.folder.join("patients.txt"), first_column).await?;
        Ok(())
    }

    async fn keep(&mut self, received: Received) -> Result<Verdict> {
        let hl7 = &received.hl7;
        let name = (text(hl7, hl7!(PID.patient_name.family_name.surname)), text(hl7, hl7!(PID:5.2)));
        let (family, given) = match name {
            _ if received.patient.is_empty() => return Ok(wrong("no number of a patient", hl7!(PID:3.1))),
            (None, _) => return Ok(wrong("no name", hl7!(PID:5.1))),
            (Some(family), given) => (family, given.unwrap_or_default()),
        };
        let national = text(hl7, hl7!(PID.national_number.id_number in SITE)).unwrap_or_default();
        let diet = text(hl7, hl7!(ZDI:1.2 in SITE)).unwrap_or_default();
        let line = format!("{}|{}|{national}|{family}, {given}|{diet}", received.control_id, received.patient);
        self.lines.append(line).await?;
        Ok(Verdict::Taken)
    }
}

/// A line for each observation: control id and number, patient, code, value, unit, remarks.
#[business_operation]
pub struct Results {
    /// Where the file is.
    #[setting]
    folder: PathBuf,
    lines: KeyedLines,
}

#[handlers]
impl Results {
    async fn on_init(&mut self) -> Result {
        self.lines = KeyedLines::open(self.folder.join("results.txt"), first_column).await?;
        Ok(())
    }

    async fn keep(&mut self, received: Received) -> Result<Verdict> {
        let mut lines = Vec::new();
        for (number, result) in (1..).zip(received.hl7.each(hl7!(OBX))) {
            let Some(code) = result.get(hl7!(OBX:3.1)).text() else {
                return Ok(wrong("an observation without a code", hl7!(OBX:3.1).occurrence(number)));
            };
            let value = result.get(hl7!(OBX:5));
            let unit = result.get(hl7!(OBX:6.1));
            let remarks: Vec<String> = result.each(hl7!(NTE)).map(|note| note.get(hl7!(NTE:3)).to_string()).collect();
            let remarks = remarks.join("; ").replace('\n', " ");
            lines
                .push(format!("{}-{number}|{}|{code}|{value}|{unit}|{remarks}", received.control_id, received.patient));
        }
        for line in lines {
            self.lines.append(line).await?;
        }
        Ok(Verdict::Taken)
    }
}

/// Takes what nobody takes, and says so.
#[business_operation]
pub struct Unknown;

#[handlers]
impl Unknown {
    async fn refuse(&mut self, received: Received) -> Result<Verdict> {
        Ok(Verdict::Refused { kind: format!("{}^{}", received.code, received.event) })
    }
}

fn first_column(line: &str) -> Option<String> {
    line.split('|').next().map(str::to_owned)
}

fn text(hl7: &Hl7, path: Path) -> Option<String> {
    hl7.get(path).text().map(std::borrow::Cow::into_owned)
}

fn wrong(why: &str, place: Path) -> Verdict {
    Verdict::Wrong { why: why.to_owned(), place: place.to_string() }
}
