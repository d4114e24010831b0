//! The operation that raises alerts.

use std::path::PathBuf;

use iop::adapter::file::{Appended, Flush, KeyedLines};
use iop::prelude::*;

use super::messages::{ClassifiedEvent, Kept};

/// The name of the file.
pub const ALERTS: &str = "alerts.txt";

/// Writes a line for each strong event. The first word is the revision of the event: it is written once.
#[business_operation]
pub struct AlertFile {
    /// Where the file is.
    #[setting]
    folder: PathBuf,
    file: KeyedLines,
}

#[handlers]
impl AlertFile {
    async fn on_init(&mut self) -> Result {
        self.file = KeyedLines::open_with(self.folder.join(ALERTS), Flush::EachLine, revision).await?;
        Ok(())
    }

    async fn raise(&mut self, classified: ClassifiedEvent) -> Result<Kept> {
        let event = &classified.event;
        let magnitude = event.magnitude.as_ref().map(ToString::to_string).unwrap_or_default();
        // A place is text from outside: it must not make a second line.
        let place = event.place.as_deref().unwrap_or("an unknown place").replace(char::is_control, " ");
        let line = format!("{} {} magnitude {magnitude}, {place}", event.revision(), event.time);
        Ok(Kept { before: self.file.append(line).await? != Appended::Written })
    }
}

/// The revision of the event that a line is about.
#[must_use]
pub fn revision(line: &str) -> Option<String> {
    line.split_once(' ').map(|(revision, _)| revision.to_owned())
}
