//! Who gets what, and what belongs together.

use iop::prelude::*;

use crate::messages::{
    Admission, ArchiveFile, EnrichRequest, EnrichResponse, Failure, LabOrder, LabReport, LabRequest, Notice, Reading,
    RecordEntry, ResultList, Row, WardEvent, WardMessage,
};

/// Sends everything to where it belongs.
#[business_process]
pub(crate) struct Router {
    #[target(async, when = "Ordered")]
    lab: Target<LabOrder>,
    #[target(async, when = "Admitted")]
    admit: Target<Admission>,
    #[target(async, when = "Garbled")]
    errors: Target<Failure>,
}

#[handlers]
impl Router {
    async fn ward(&mut self, message: WardMessage, cx: &mut Context) -> Result {
        let patient = message.patient;
        match message.event {
            WardEvent::Ordered { order_id, tests, urgency } => {
                let order = LabOrder { order_id, patient, tests, urgency, note: None, taken: None };
                cx.send_request_async(&self.lab, order).response_required(false).await?;
            }
            WardEvent::Admitted { visit } => {
                let admission = Admission { visit, patient };
                cx.send_request_async(&self.admit, admission).response_required(false).await?;
            }
            WardEvent::Garbled { text } => {
                let reason = format!("nobody understands `{text}`");
                let failure = Failure { reference: message.control_id, reason, again: None };
                cx.send_request_async(&self.errors, failure).response_required(false).await?;
            }
        }
        Ok(())
    }

    async fn reading(&mut self, reading: Reading) -> Result {
        debug!(device = %reading.device, "{} {}", reading.code, reading.value);
        Ok(())
    }

    async fn order(&mut self, order: LabOrder, cx: &mut Context) -> Result<LabReport> {
        let order_id = order.order_id.clone();
        cx.send_request_async(&self.lab, order).response_required(false).await?;
        Ok(LabReport { order_id, results: Vec::new() })
    }
}

/// Has everything of an order measured, and enters it into the record.
#[business_process]
pub(crate) struct LabFlow {
    #[target]
    enrich: Target<EnrichRequest>,
    #[target]
    lis: Target<LabRequest>,
    #[target(async)]
    ehr: Target<RecordEntry>,
    #[target]
    errors: Target<Failure>,
}

#[handlers]
impl LabFlow {
    async fn order(&mut self, order: LabOrder, cx: &mut Context) -> Result<LabReport> {
        let LabOrder { order_id, patient, tests, urgency, .. } = order;
        let asked = EnrichRequest { reference: order_id.clone(), patient: patient.clone() };
        let known = cx.send_request_sync(&self.enrich, asked).await?;
        info!(order = %order_id, allergies = known.allergies.len(), "patient is known");
        let mut results = Vec::new();
        for test in tests {
            let request = LabRequest { order_id: order_id.clone(), patient: patient.clone(), test, priority: urgency };
            match cx.send_request_sync(&self.lis, request).await {
                Ok(result) => results.push(result),
                Err(error) => {
                    let failure = Failure { reference: order_id, reason: error.to_string(), again: None };
                    cx.send_request_sync(&self.errors, failure).await?;
                    return Err(Error::fatal(error));
                }
            }
        }
        let text = format!("{} results, ordered by {}", results.len(), known.physician);
        let entry = RecordEntry { reference: order_id.clone(), patient, text };
        cx.send_request_async(&self.ehr, entry).response_required(false).await?;
        Ok(LabReport { order_id, results })
    }
}

/// Enters an admission into the record and the database.
#[business_process]
pub(crate) struct AdmitFlow {
    #[target]
    enrich: Target<EnrichRequest>,
    #[target(async)]
    ehr: Target<RecordEntry>,
    #[target(async)]
    store: Target<Row>,
}

#[handlers]
impl AdmitFlow {
    async fn admitted(&mut self, admission: Admission, cx: &mut Context) -> Result {
        let Admission { visit, patient } = admission;
        let asked = EnrichRequest { reference: visit.clone(), patient: patient.clone() };
        let known = cx.send_request_sync(&self.enrich, asked).await?;
        let text = format!("admitted to {}, treated by {}", patient.ward, known.physician);
        let entry = RecordEntry { reference: visit.clone(), patient, text };
        cx.send_request_async(&self.ehr, entry).response_required(false).await?;
        let row = Row { table: "visits".to_owned(), reference: visit };
        cx.send_request_async(&self.store, row).response_required(false).await?;
        Ok(())
    }
}

/// Knows patients, and takes lists apart.
#[business_process]
pub(crate) struct Enricher {
    #[target(async)]
    store: Target<Row>,
    #[target(async)]
    drop: Target<ArchiveFile>,
}

#[handlers]
impl Enricher {
    async fn ask(&mut self, request: EnrichRequest) -> Result<EnrichResponse> {
        tokio::time::sleep(Duration::from_millis(8)).await;
        let allergies = if request.patient.mrn.ends_with('7') { vec!["penicillin".to_owned()] } else { Vec::new() };
        Ok(EnrichResponse { allergies, physician: "Dr. Semmelweis".to_owned() })
    }

    async fn list(&mut self, list: ResultList, cx: &mut Context) -> Result {
        for line in 0..list.lines {
            let row = Row { table: "results".to_owned(), reference: format!("{}:{line}", list.file) };
            cx.send_request_async(&self.store, row).response_required(false).await?;
        }
        cx.send_request_async(&self.drop, ArchiveFile { file: list.file }).response_required(false).await?;
        Ok(())
    }
}

/// Tells people what could not be done.
#[business_process]
pub(crate) struct ErrorDesk {
    #[target(async)]
    mail: Target<Notice>,
    #[target(async)]
    ehr: Target<RecordEntry>,
    #[target(async)]
    again: Target<WardMessage>,
}

#[handlers]
impl ErrorDesk {
    async fn failed(&mut self, failure: Failure, cx: &mut Context) -> Result {
        let notice = Notice { subject: format!("{} failed", failure.reference), text: failure.reason };
        cx.send_request_async(&self.mail, notice).response_required(false).await?;
        if let Some(message) = failure.again {
            let entry = RecordEntry {
                reference: failure.reference,
                patient: message.patient.clone(),
                text: "routed again".to_owned(),
            };
            cx.send_request_async(&self.ehr, entry).response_required(false).await?;
            cx.send_request_async(&self.again, *message).response_required(false).await?;
        }
        Ok(())
    }
}
