//! What is outside, as far as it goes: it takes its time, and some of it fails.

use iop::message::Alert;
use iop::prelude::*;

use crate::messages::{ArchiveFile, LabRequest, LabResult, Notice, RecordEntry, Row};

/// Talks to the laboratory's system.
#[business_operation]
pub(crate) struct RestClient {
    /// Where it is.
    #[setting(default = "https://lis.example/api")]
    url: String,
    /// How long it takes to answer.
    #[setting(default = "120ms", max = "10s")]
    latency: Duration,
    /// Of so many orders one is refused for good; 0: none.
    #[setting(default = 23)]
    refuses: u64,
}

#[handlers]
impl RestClient {
    async fn measure(&mut self, request: LabRequest) -> Result<LabResult> {
        tokio::time::sleep(self.latency).await;
        let number: u64 = request.order_id.bytes().map(u64::from).fold(7, |sum, byte| sum * 31 % 9973 + byte);
        if self.refuses > 0 && number.is_multiple_of(self.refuses) {
            warn!(order = %request.order_id, "503 from {}", self.url);
            return Err(Error::retry(format!("503 Service Unavailable from {}/orders", self.url)));
        }
        let value = f64::from(u32::try_from(number % 400).unwrap_or_default()) / 10.0;
        Ok(LabResult { test: request.test, value, unit: "mmol/l".to_owned() })
    }
}

/// Sends mail.
#[business_operation]
pub(crate) struct MailServer {
    /// Who gets it.
    #[setting(default = "duty@hospital.example")]
    to: String,
}

#[handlers]
impl MailServer {
    async fn notice(&mut self, notice: Notice) -> Result {
        tokio::time::sleep(Duration::from_millis(30)).await;
        info!(to = %self.to, "mail: {}", notice.subject);
        Ok(())
    }

    async fn alert(&mut self, _: Alert) -> Result {
        tokio::time::sleep(Duration::from_millis(30)).await;
        info!(to = %self.to, "mail: alert");
        Ok(())
    }
}

/// Writes into the hospital's record.
#[business_operation]
pub(crate) struct EhrMllp {
    /// Where the record listens.
    #[setting(default = "ehr.example:2576")]
    peer: String,
}

#[handlers]
impl EhrMllp {
    async fn enter(&mut self, entry: RecordEntry) -> Result {
        tokio::time::sleep(Duration::from_millis(25)).await;
        debug!(peer = %self.peer, "entered {}", entry.reference);
        Ok(())
    }
}

/// Writes into the database.
#[business_operation(effect = "idempotent")]
pub(crate) struct SqlWriter;

#[handlers]
impl SqlWriter {
    async fn write(&mut self, row: Row) -> Result {
        tokio::time::sleep(Duration::from_millis(4)).await;
        debug!("{}: {}", row.table, row.reference);
        Ok(())
    }
}

/// Leaves files for the archive.
#[business_operation(effect = "idempotent")]
pub(crate) struct SftpDrop;

#[handlers]
impl SftpDrop {
    async fn leave(&mut self, file: ArchiveFile) -> Result {
        tokio::time::sleep(Duration::from_millis(40)).await;
        debug!("{}", file.file);
        Ok(())
    }
}
