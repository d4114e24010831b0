//! The operation that says what a feed came to.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use iop::adapter::file::FileOutbound;
use iop::prelude::*;

use super::evidence::Evidence;
use super::messages::{Class, Summary};

/// The name of the file.
pub const SUMMARY: &str = "summary.txt";

/// Compares what the responses add up to with what lies in the files and in the table, prints it, and writes it to a
/// file.
#[business_operation]
pub struct Report {
    #[setting]
    folder: PathBuf,
    out: FileOutbound,
}

#[handlers]
impl Report {
    async fn on_init(&mut self) -> Result {
        self.out = FileOutbound::open(&self.folder).await?;
        let earlier = self.folder.join(SUMMARY);
        if earlier.exists() {
            print(&format!(
                "The last summary:\n\n{}",
                tokio::task::spawn_blocking(|| std::fs::read_to_string(earlier)).await??
            ))?;
        }
        Ok(())
    }

    async fn report(&mut self, summary: Summary) -> Result {
        let folder = self.folder.clone();
        let revisions = summary.revisions.clone();
        let found = tokio::task::spawn_blocking(move || Evidence::gather(&folder, &revisions)).await??;
        let differences = differences(&summary, &found);
        let text = text(&summary, &found, &differences);
        for difference in differences {
            error!("{difference}");
        }
        self.out.overwrite(SUMMARY, text.clone()).await?;
        print(&text)
    }
}

/// Prints a text as one piece.
fn print(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{text}")?;
    Ok(out.flush()?)
}

/// Every pair of numbers that should be the same and is not.
fn differences(summary: &Summary, found: &Evidence) -> Vec<String> {
    let counts = &summary.counts;
    let classified: u64 = counts.classes.values().sum();
    let mut pairs = vec![
        ("events announced by the feed", counts.announced, "events read", counts.read),
        ("events read", counts.read, "events classified", classified),
        ("events read", counts.read, "rows of the table", found.rows),
        ("alerts", counts.alerts, "lines of alerts.txt", found.alerts),
        ("events that wait for a person", counts.unfinished, "none", 0),
    ];
    for class in Class::ALL {
        let answered = counts.classes.get(&class).copied().unwrap_or_default();
        pairs.push((class.plural(), answered, "lines of its file", found.lines_of(class)));
    }
    pairs
        .into_iter()
        .filter(|(_, one, _, other)| one != other)
        .map(|(what, one, of, other)| format!("{what}: {one}, but {of}: {other}"))
        .collect()
}

/// The summary as it is printed.
fn text(summary: &Summary, found: &Evidence, differences: &[String]) -> String {
    let counts = &summary.counts;
    let mut text = format!("{}\n\n", summary.feed);
    // Writing to a text does not fail.
    let _ = writeln!(text, "  {:<20}{:>8}   announced by the feed: {}", "events read", counts.read, counts.announced);
    for class in Class::ALL {
        let answered = counts.classes.get(&class).copied().unwrap_or_default();
        let (name, lines) = (class.plural(), found.lines_of(class));
        let _ = writeln!(text, "  {:<20}{answered:>8}   lines of {name}.csv: {lines}", name.replace('_', " "));
    }
    let classified: u64 = counts.classes.values().sum();
    let _ = writeln!(text, "  {:<20}{classified:>8}   rows of events.sqlite: {}", "together", found.rows);
    let _ =
        writeln!(text, "  {:<20}{:>8}   lines of alerts.txt: {}", "magnitude 4.5 or more", counts.alerts, found.alerts);
    text.push('\n');
    if differences.is_empty() {
        text.push_str("The numbers add up.\n");
    } else {
        text.push_str("THE NUMBERS DO NOT ADD UP:\n");
        for difference in differences {
            let _ = writeln!(text, "  {difference}");
        }
    }
    text
}
