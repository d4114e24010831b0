//! The operation that says what a feed came to.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use iop::adapter::file::FileOutbound;
use iop::prelude::*;

use super::alerts::ALERTS;
use super::evidence::Evidence;
use super::messages::{Class, Summary};
use super::table::DATABASE;

/// The name of the file.
pub const SUMMARY: &str = "summary.txt";

/// Compares what the responses add up to with what lies in the files and in the table, prints it, and writes it to a
/// file.
#[business_operation]
pub struct Report {
    /// Where the results are.
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
        let text = text(&summary, &found, &differences, &self.folder);
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
fn text(summary: &Summary, found: &Evidence, differences: &[String], folder: &Path) -> String {
    let counts = &summary.counts;
    let row = |what: &str, answered: u64, found: u64, of: &str| format!("  {what:<22}{answered:>9}{found:>9}  {of}\n");
    let mut text = format!("{}\n\n  {:<22}{:>9}{:>9}\n", summary.feed, "", "counted", "found");
    text += &row("events", counts.read, counts.announced, "announced by the feed");
    for class in Class::ALL {
        let answered = counts.classes.get(&class).copied().unwrap_or_default();
        let (words, file) = (class.plural().replace('_', " "), format!("lines of {}.csv", class.plural()));
        text += &row(&words, answered, found.lines_of(class), &file);
    }
    text += &row("together", counts.classes.values().sum(), found.rows, &format!("rows of {DATABASE}"));
    text += &row("magnitude 4.5 or more", counts.alerts, found.alerts, &format!("lines of {ALERTS}"));
    if differences.is_empty() {
        text += &format!("\nThe numbers add up. The files are in {}.\n", folder.display());
    } else {
        text += "\nTHE NUMBERS DO NOT ADD UP:\n";
        for difference in differences {
            text += &format!("  {difference}\n");
        }
    }
    text
}
