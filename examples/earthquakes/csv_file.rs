//! The operation that keeps events in a CSV file.

use std::path::PathBuf;

use iop::adapter::file::{Appended, Flush, KeyedCsv};
use iop::prelude::*;

use super::messages::{ClassifiedEvent, Decimal, Kept};

/// The columns of a file of events. `id` and `updated` name one revision of an event: it is written once.
pub const COLUMNS: [&str; 25] = [
    "id",
    "updated",
    "time",
    "timezone",
    "magnitude",
    "magnitude_type",
    "place",
    "longitude",
    "latitude",
    "depth",
    "network",
    "network_name",
    "network_region",
    "status",
    "felt",
    "reported_intensity",
    "computed_intensity",
    "damage_alert",
    "tsunami",
    "significance",
    "stations",
    "gap",
    "nearest_station",
    "residual",
    "url",
];

/// Appends events to a CSV file, each revision once.
#[business_operation]
pub struct CsvFile {
    /// Where the file is.
    #[setting]
    folder: PathBuf,
    /// The name of the file.
    #[setting]
    name: String,
    /// When a line is on the disk.
    #[setting(default = "each_line")]
    flush: Flush,
    file: KeyedCsv,
}

#[handlers]
impl CsvFile {
    async fn on_init(&mut self) -> Result {
        self.file = KeyedCsv::open(self.folder.join(&self.name), &COLUMNS, &["id", "updated"], self.flush).await?;
        Ok(())
    }

    async fn on_check(&self) -> Result {
        KeyedCsv::check(self.folder.join(&self.name)).await
    }

    async fn append(&mut self, classified: ClassifiedEvent) -> Result<Kept> {
        let record = record(&classified);
        let appended = self.file.append(record.iter().map(Option::as_deref)).await?;
        if appended == Appended::Differs {
            warn!("{} was written before with other values, which stay", classified.event.revision());
        }
        Ok(Kept { before: appended != Appended::Written })
    }
}

/// The fields in the order of the columns.
fn record(ClassifiedEvent { event, network, .. }: &ClassifiedEvent) -> [Option<String>; 25] {
    let decimal = |number: &Option<Decimal>| number.as_ref().map(ToString::to_string);
    let count = |number: Option<u32>| number.map(|number| number.to_string());
    [
        Some(event.id.clone()),
        Some(event.updated.clone()),
        Some(event.time.clone()),
        event.timezone.map(|minutes| minutes.to_string()),
        decimal(&event.magnitude),
        event.magnitude_type.clone(),
        event.place.clone(),
        decimal(&event.longitude),
        decimal(&event.latitude),
        decimal(&event.depth),
        Some(event.network.clone()),
        network.name.clone(),
        network.region.clone(),
        event.status.clone(),
        count(event.felt),
        decimal(&event.reported_intensity),
        decimal(&event.computed_intensity),
        event.damage_alert.clone(),
        Some(event.tsunami.to_string()),
        count(event.significance),
        count(event.stations),
        decimal(&event.gap),
        decimal(&event.nearest_station),
        decimal(&event.residual),
        event.url.clone(),
    ]
}
