//! What comes in: made up by a number that goes on, so that each run is like the other.

use iop::prelude::*;

use crate::messages::{
    ArchiveFile, LabOrder, LabReport, Patient, Reading, ResultList, Row, Urgency, WardEvent, WardMessage,
};

const NAMES: [&str; 8] = [
    "Ada Byron",
    "Max Born",
    "Lise Meitner",
    "Emmy Noether",
    "Niels Bohr",
    "Rosa Parks",
    "Karl Popper",
    "Jane Goodall",
];
const WARDS: [&str; 5] = ["3 North", "3 South", "ICU", "Emergency", "Maternity"];
const TESTS: [&str; 6] = ["GLU", "NA", "K", "CREA", "CRP", "HGB"];

/// One of a list, by a number.
fn one<'a>(list: &[&'a str], number: u64) -> &'a str {
    let index = usize::try_from(number).unwrap_or_default() % list.len();
    list.get(index).copied().unwrap_or_default()
}

fn patient(number: u64) -> Patient {
    Patient {
        mrn: format!("{:07}", 4_471_000 + number * 37 % 90_000),
        name: one(&NAMES, number * 5 + number / 8).to_owned(),
        ward: one(&WARDS, number * 3).to_owned(),
    }
}

/// Where the numbers go on after a restart: seconds since 1970, so that no number comes twice.
fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Listens to the wards.
#[business_service(poll)]
pub(crate) struct Hl7Listener {
    #[setting(default = "400ms")]
    call_interval: Duration,
    /// Where the wards send to.
    #[setting(default = "127.0.0.1:2575")]
    listen: String,
    #[target]
    router: Target<WardMessage>,
    number: u64,
}

#[handlers]
impl Hl7Listener {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        if self.number == 0 {
            self.number = now() * 3;
            info!("listening on {}", self.listen);
        }
        self.number += 1;
        let number = self.number;
        let event = match number % 9 {
            0 | 4 | 7 => WardEvent::Admitted { visit: format!("V-{number}") },
            8 if number.is_multiple_of(5) => {
                WardEvent::Garbled { text: "MSH|^~\\&|<script>alert(1)</script>".to_owned() }
            }
            _ => WardEvent::Ordered {
                order_id: format!("ORD-{}", number % 1_000_000),
                tests: (0..1 + number % 3).map(|test| one(&TESTS, number + test).to_owned()).collect(),
                urgency: [Urgency::Routine, Urgency::Urgent, Urgency::Stat][usize::try_from(number % 3).unwrap_or(0)],
            },
        };
        let message = WardMessage { control_id: format!("MSG{number}"), event, patient: patient(number) };
        cx.send_request_async(&self.router, message).response_required(false).await?;
        Ok(())
    }
}

/// Collects what devices measure.
#[business_service(poll)]
pub(crate) struct DeviceGateway {
    #[setting(default = "250ms")]
    call_interval: Duration,
    #[target]
    router: Target<Reading>,
    number: u64,
}

#[handlers]
impl DeviceGateway {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        self.number += 1;
        let reading = Reading {
            device: format!("PUMP-{:02}", self.number % 24),
            code: one(&["SPO2", "HR", "TEMP"], self.number).to_owned(),
            value: 36.0 + f64::from(u32::try_from(self.number % 40).unwrap_or_default()) / 10.0,
            patient: patient(self.number * 7),
        };
        cx.send_request_async(&self.router, reading).response_required(false).await?;
        Ok(())
    }
}

/// Takes orders that are entered by hand, and answers with the report.
#[business_service]
pub(crate) struct OrderEntry {
    #[target]
    router: Target<LabOrder>,
    #[target]
    journal: Target<Row>,
}

#[handlers]
impl OrderEntry {
    async fn on_process_input(&mut self, order: LabOrder, cx: &mut Context) -> Result<LabReport> {
        let row = Row { table: "orders".to_owned(), reference: order.order_id.clone() };
        cx.send_request_async(&self.journal, row).response_required(false).await?;
        Ok(cx.send_request_sync(&self.router, order).await?)
    }
}

/// Takes lists of results from a folder.
#[business_service(poll)]
pub(crate) struct CsvFolder {
    #[setting(default = "45s")]
    call_interval: Duration,
    /// Where the lists are put.
    #[setting(default = "/srv/results")]
    folder: String,
    /// Lines of a list.
    #[setting(default = 120, min = 1, max = 2000)]
    lines: u32,
    #[target]
    enrich: Target<ResultList>,
    #[target]
    archive: Target<ArchiveFile>,
    number: u64,
}

#[handlers]
impl CsvFolder {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        self.number += 1;
        let file = format!("results-{}-{}.csv", now(), self.number);
        info!(folder = %self.folder, "list taken");
        let list = ResultList { file: file.clone(), lines: self.lines };
        cx.send_request_async(&self.enrich, list).response_required(false).await?;
        cx.send_request_async(&self.archive, ArchiveFile { file }).response_required(false).await?;
        Ok(())
    }
}

/// Asks for what is ordered for the next day.
#[business_service(poll)]
pub(crate) struct NightList {
    #[setting(default = "1h")]
    call_interval: Duration,
    #[target]
    lab_flow: Target<LabOrder>,
}

#[handlers]
impl NightList {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        let order = LabOrder {
            order_id: format!("NIGHT-{}", now()),
            patient: patient(now()),
            tests: vec!["GLU".to_owned()],
            urgency: Urgency::Routine,
            note: Some("fasting".to_owned()),
            taken: None,
        };
        cx.send_request_async(&self.lab_flow, order).await?;
        Ok(())
    }
}
