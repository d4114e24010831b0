//! `export` and `import`: messages with their bodies as lines of JSON, out of one store and into another. Only a page of them is
//! in memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use super::arguments::SettingsArguments;
use super::exit::{Exit, Failure};
use super::place::Place;
use super::remote::segment;
use super::source::{Source, parsed};
use super::terminal::Progress;
use super::{Program, say, wait_for, who};
use crate::director::view::Sight;
use crate::director::{ExportOf, Imported, ImportedLine};
use crate::events::escaped;
use crate::search::Query;

/// Messages that are asked for at once.
const PAGE: usize = 500;

/// Lines that are handed in at once, and their bytes: a call takes 8 MiB.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 4 << 20;

/// The longest line, in bytes: a call with it alone is taken.
const LONGEST_LINE: usize = (8 << 20) - 1024;

/// Lines that are named one by one when they are refused.
const NAMED: u64 = 20;

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Which messages, in quotes; everything, where it is left out.
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) query: Option<String>,
    /// The file to write; it must not exist. Without it, the lines go to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// With the values of `#[sensitive]` fields, without which a message cannot be imported.
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file with the lines of an export, or `-` for standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// All to this item, in place of their own.
    #[arg(long, value_name = "ITEM")]
    pub(crate) to: Option<String>,
    /// Only says what would be imported, and what not.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// In whose name; the user of the system where it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

impl Program {
    /// `export`.
    pub(crate) fn export_messages(
        self,
        settings: &SettingsArguments,
        arguments: &ExportArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let query = parsed(arguments.query.as_deref().unwrap_or_default())?;
        let source = self.source(settings)?;
        let sight = if arguments.reveal { Sight::Open } else { Sight::Masked };
        let Some(path) = &arguments.to else {
            return wait_for(written(&source, query, sight, out));
        };
        let cannot = |error: io::Error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(cannot)?;
        let mut file = BufWriter::new(file);
        let done = wait_for(written(&source, query, sight, &mut file));
        let done = done.and_then(|exit| {
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(cannot)?;
            Ok(exit)
        });
        if done.is_err() {
            // What is not whole is not left for somebody to take for it.
            let _ = fs::remove_file(path);
        }
        done
    }

    /// `import`.
    pub(crate) fn import_messages(
        self,
        settings: &SettingsArguments,
        arguments: &ImportArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let mut lines = Lines::of(&arguments.file)?;
        wait_for(async {
            let place = self.place(settings)?;
            let mut sum = Sum::default();
            let done = imported(&place, arguments, &mut lines, &mut sum).await;
            place.close().await?;
            if done.is_ok() || sum.all() > 0 {
                writeln!(out, "{}", sum.line(arguments.dry_run))?;
            }
            done?;
            Ok(if sum.refused == 0 { Exit::Done } else { Exit::Failed })
        })
    }
}

/// Writes what a query finds now, page by page.
async fn written(source: &Source, query: Query, sight: Sight, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut page = ExportOf { limit: PAGE, ..ExportOf::default() };
    let (mut count, mut damaged) = (0_u64, 0_u64);
    let progress = Progress::open_ended();
    loop {
        let exported = source.export(&query, page, sight).await?;
        for message in &exported.messages {
            serde_json::to_writer(&mut *out, message)?;
            out.write_all(b"\n")?;
        }
        count += exported.messages.len() as u64;
        damaged += exported.damaged.len() as u64;
        progress.at(count, "messages");
        for (id, why) in &exported.damaged {
            say(&escaped(&format!("{id} is left out: {why}")));
        }
        (page.after, page.up_to) = (exported.next, Some(exported.up_to));
        if page.after.is_none() {
            break;
        }
    }
    drop(progress);
    out.flush()?;
    say(&format!("exported: {count}"));
    match (count, damaged) {
        (0, 0) => Err(Failure::found_nothing("no such message")),
        (_, 0) => Ok(Exit::Done),
        _ => Ok(Exit::Damaged),
    }
}

/// What came of the lines of a file.
#[derive(Debug, Default)]
struct Sum {
    new: u64,
    known: u64,
    left_out: u64,
    refused: u64,
}

impl Sum {
    fn all(&self) -> u64 {
        self.new + self.known + self.left_out + self.refused
    }

    fn line(&self, dry_run: bool) -> String {
        let Self { new, known, left_out, refused } = self;
        let verb = if dry_run { "would be imported" } else { "imported" };
        format!(
            "{verb}: {new}; imported before: {known}; responses and timers, left out: {left_out}; refused: {refused}"
        )
    }
}

#[derive(Debug, Deserialize)]
struct Results {
    lines: Vec<Imported>,
}

/// Hands the lines in, batch by batch.
async fn imported(place: &Place, arguments: &ImportArguments, lines: &mut Lines, sum: &mut Sum) -> Result<(), Failure> {
    let by = segment(arguments.by.as_deref().unwrap_or(&who()));
    let to = arguments.to.as_deref().map(|to| format!("&to={}", segment(to))).unwrap_or_default();
    let path = format!("/api/v1/import?dry_run={}&by={by}{to}", arguments.dry_run);
    let progress = Progress::open_ended();
    loop {
        let batch = lines.batch()?;
        if batch.numbers.is_empty() {
            return Ok(());
        }
        let results: Results = place.ask(hyper::Method::POST, &path, batch.text.into()).await?;
        for (number, result) in batch.numbers.iter().zip(results.lines) {
            match result {
                Imported::New { .. } => sum.new += 1,
                Imported::Known { .. } => sum.known += 1,
                Imported::LeftOut => sum.left_out += 1,
                Imported::Refused { error } => {
                    sum.refused += 1;
                    if sum.refused <= NAMED {
                        say(&escaped(&format!("line {number} is refused: {error}")));
                    }
                }
            }
        }
        progress.at(sum.all(), "lines");
    }
}

/// The lines of an export.
struct Lines {
    file: Box<dyn BufRead>,
    number: u64,
    /// What did not fit the batch before.
    kept: Option<String>,
    /// What is wrong behind the batch that was given last.
    failed: Option<Failure>,
}

/// Some lines, with their numbers in the file.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    numbers: Vec<u64>,
}

impl Lines {
    fn of(path: &Path) -> Result<Self, Failure> {
        let file: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let cannot = |error| Failure::new(Exit::FoundNothing, format!("cannot read {}: {error}", path.display()));
            Box::new(BufReader::new(File::open(path).map_err(cannot)?))
        };
        Ok(Self { file, number: 0, kept: None, failed: None })
    }

    /// The next line that is not empty, checked for being one of an export: what is not is said with its number.
    fn next(&mut self) -> Result<Option<String>, Failure> {
        if let Some(kept) = self.kept.take() {
            return Ok(Some(kept));
        }
        loop {
            let mut line = String::new();
            let read = (&mut self.file).take(LONGEST_LINE as u64 + 1).read_line(&mut line).map_err(Failure::failed)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let number = self.number;
            if line.len() > LONGEST_LINE {
                return Err(Failure::failed(format!("line {number} is longer than {LONGEST_LINE} bytes")));
            }
            if line.trim().is_empty() {
                continue;
            }
            serde_json::from_str::<ImportedLine>(&line).map_err(|error| {
                let done = "the lines before it are in; repeat the import when it is mended";
                Failure::failed(escaped(&format!("line {number} is no line of an export: {error}; {done}")))
            })?;
            return Ok(Some(line));
        }
    }

    /// Some lines, none at the end. What is in front of a mistake is handed in before the mistake is said.
    fn batch(&mut self) -> Result<Batch, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let mut batch = Batch::default();
        while batch.numbers.len() < BATCH {
            let line = match self.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(failure) if batch.numbers.is_empty() => return Err(failure),
                Err(failure) => {
                    self.failed = Some(failure);
                    break;
                }
            };
            if !batch.numbers.is_empty() && batch.text.len() + line.len() > BATCH_BYTES {
                self.kept = Some(line);
                break;
            }
            batch.text.push_str(line.trim_end());
            batch.text.push('\n');
            batch.numbers.push(self.number);
        }
        Ok(batch)
    }
}
