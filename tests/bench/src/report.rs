//! Tables of figures, written as text, JSON and a plot.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::calibration::Calibration;
use crate::goals::Goal;

/// What one part of the benchmarks found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) part: String,
    /// The day and the machine.
    pub(crate) place: String,
    pub(crate) rounds: usize,
    /// Before and after.
    pub(crate) calibration: [Calibration; 2],
    pub(crate) tables: Vec<Table>,
    pub(crate) goals: Vec<Goal>,
}

/// Candidates against shapes of load.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    /// What the figures count: `ns per operation`, `chains per second`.
    pub(crate) unit: String,
    /// Ratios are to this row.
    pub(crate) base: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The columns are sizes, and each row is a curve over them.
    pub(crate) curves: bool,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// A median for each column; `None` where it was not measured.
    pub(crate) figures: Vec<Option<f64>>,
}

impl Table {
    /// A table of candidates that take turns: `measure(candidate, column)` is called `rounds` times for each.
    pub(crate) fn measured(
        (title, unit, base): (&str, &str, &str),
        candidates: &[&str],
        columns: &[&str],
        rounds: usize,
        mut measure: impl FnMut(usize, usize) -> Result<Option<f64>, String>,
    ) -> Result<Self, String> {
        let mut samples = vec![vec![Vec::new(); columns.len()]; candidates.len()];
        for round in 0..rounds {
            for column in 0..columns.len() {
                for (candidate, name) in candidates.iter().enumerate() {
                    let figure = measure(candidate, column).map_err(|error| format!("{title}, {name}: {error}"))?;
                    samples[candidate][column].extend(figure);
                }
            }
            eprintln!("{title}: round {} of {rounds}", round + 1);
        }
        let rows = candidates.iter().zip(samples).map(|(name, samples)| Row {
            name: (*name).to_owned(),
            figures: samples.into_iter().map(median).collect(),
        });
        Ok(Self {
            title: title.to_owned(),
            unit: unit.to_owned(),
            base: base.to_owned(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: rows.collect(),
            curves: false,
        })
    }

    /// A figure by the names of its row and its column.
    pub(crate) fn figure(&self, row: &str, column: &str) -> Option<f64> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.rows.iter().find(|found| found.name == row)?.figures.get(at).copied().flatten()
    }

    fn base_of(&self, column: usize) -> Option<f64> {
        self.rows.iter().find(|row| row.name == self.base)?.figures.get(column).copied().flatten()
    }

    fn text(&self) -> String {
        let mut text = format!("### {} ({})\n\n| |", self.title, self.unit);
        for column in &self.columns {
            let _ = write!(text, " {column} |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---:|".repeat(self.columns.len()));
        for row in &self.rows {
            let _ = write!(text, "\n| {} |", row.name);
            for (column, figure) in row.figures.iter().enumerate() {
                match (figure, self.base_of(column)) {
                    (None, _) => text.push_str(" |"),
                    (Some(figure), Some(base)) if row.name != self.base => {
                        let _ = write!(text, " {} ({:.2} ×) |", rounded(*figure), figure / base);
                    }
                    (Some(figure), _) => {
                        let _ = write!(text, " {} |", rounded(*figure));
                    }
                }
            }
        }
        text.push('\n');
        if self.rows.len() > 1 && self.rows.iter().any(|row| row.name == self.base) {
            let _ = write!(text, "\nRatios are to *{}*.\n", self.base);
        }
        text
    }
}

/// The middle of the samples.
pub(crate) fn median(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

pub(crate) fn rounded(figure: f64) -> String {
    let digits = if figure.abs() < 10.0 { 2 } else { usize::from(figure.abs() < 100.0) };
    let plain = format!("{figure:.digits$}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), ""), |(whole, rest)| (whole, rest));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit != '-' {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

impl Report {
    /// Prints the report, and writes `PART.json`, `PART.md` and `PART.svg` into `out`.
    pub(crate) fn write(&self, out: &Path) -> Result<(), String> {
        let text = self.text();
        println!("## {}\n\n{text}", self.part);
        let json = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        let files = [("json", json), ("md", text.into_bytes()), ("svg", crate::plot::svg(&self.tables).into_bytes())];
        for (extension, content) in files {
            let path = out.join(format!("{}.{extension}", self.part));
            std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// The report as it stands in a page.
    pub(crate) fn text(&self) -> String {
        let [before, after] = &self.calibration;
        let mut text = format!(
            "{}. Medians of {} rounds. One fdatasync took {:.0} µs before and {:.0} µs after; a round trip over tokio channels {:.0} ns and {:.0} ns.\n",
            self.place,
            self.rounds,
            before.fdatasync_us(),
            after.fdatasync_us(),
            before.tokio_round_trip_ns,
            after.tokio_round_trip_ns,
        );
        for table in &self.tables {
            text.push('\n');
            text.push_str(&table.text());
        }
        text.push_str(&crate::goals::text(&self.goals));
        text
    }
}
