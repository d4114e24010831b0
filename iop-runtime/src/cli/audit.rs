//! `audit`: who did what, and the proof that nobody has changed what stands there.

use std::io::Write;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::arguments::{Output, Rows as Form, SettingsArguments, moment};
use super::exit::{Exit, Failure};
use super::table::{Rows, write_list};
use super::{Program, wait_for};
use crate::clock::Timestamp;
use crate::store::{AuditEntry, AuditHead, AuditQuery};

/// Entries that are read at once.
const PAGE: usize = 1000;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditArguments {
    /// By this person.
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// Of this action, `message.resend`, or of all that begin so: `message.`.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// With this object, such as `item billing`.
    #[arg(long)]
    pub(crate) object: Option<String>,
    /// Since: a time (2026-11-24T09:00:00Z) or how long ago (90s, 10m, 7d).
    #[arg(long, value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
    /// At most so many, the last.
    #[arg(short = 'n', long, default_value_t = 100, value_name = "COUNT")]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) output: Output<Form>,
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Proves that each entry is what was written and follows the one before it; prints the end of the log, to be kept elsewhere.
    Verify {
        /// An end that was kept, `NUMBER:HASH`: the log must go through it.
        #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
        kept: Option<AuditHead>,
    },
    /// Prints the whole log from its beginning, one JSON document a line.
    Export,
}

fn head(text: &str) -> Result<AuditHead, String> {
    let wrong = || "write NUMBER:HASH, as `audit verify` prints it".to_owned();
    let (number, hash) = text.split_once(':').ok_or_else(wrong)?;
    Ok(AuditHead { number: number.parse().map_err(|_| wrong())?, hash: hash.parse().map_err(|_| wrong())? })
}

impl Program {
    /// `audit`.
    pub(crate) fn audit(
        self,
        settings: &SettingsArguments,
        arguments: &AuditArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        match &arguments.command {
            None => {
                let name = |text: &Option<String>| text.as_deref().map(Arc::from);
                let query = AuditQuery {
                    who: name(&arguments.who),
                    action: name(&arguments.action),
                    object: name(&arguments.object),
                    since: arguments.since,
                    ..AuditQuery::default()
                };
                let mut entries: Vec<AuditEntry> = Vec::new();
                wait_for(async {
                    while entries.len() < arguments.limit {
                        let after = entries.last().map(|entry| entry.number);
                        let limit = (arguments.limit - entries.len()).min(PAGE);
                        let page = source.audit(AuditQuery { after, limit, ..query.clone() }).await?;
                        let last = page.len() < limit;
                        entries.extend(page);
                        if last {
                            break;
                        }
                    }
                    Ok(())
                })?;
                // The last ones, in the order in which it was done.
                entries.reverse();
                if !entries.is_empty() || arguments.output.output != Form::Table {
                    write_list(arguments.output.output, &entries, entry_table, out)?;
                }
                if entries.is_empty() {
                    return Err(Failure::found_nothing("no such entry in the audit log"));
                }
            }
            Some(AuditCommand::Verify { kept }) => {
                let AuditHead { number, hash } = wait_for(source.verify(*kept))?;
                writeln!(out, "{number}:{hash}")?;
            }
            Some(AuditCommand::Export) => wait_for(async {
                let mut after = Some(0);
                while let Some(last) = after {
                    let query =
                        AuditQuery { after: Some(last), limit: PAGE, oldest_first: true, ..AuditQuery::default() };
                    let page = source.audit(query).await?;
                    write_list(Form::Jsonl, &page, entry_table, out)?;
                    after = page.last().map(|entry| entry.number);
                }
                Ok(())
            })?,
        }
        Ok(Exit::Done)
    }
}

fn entry_table(entries: &[AuditEntry]) -> Rows {
    let mut rows = Rows::new(["number", "time", "who", "role", "from", "action", "object", "result", "reason"]);
    for entry in entries {
        rows.push([
            entry.number.to_string(),
            entry.time.to_string(),
            entry.who.to_string(),
            entry.role.to_string(),
            entry.from.to_string(),
            entry.action.to_string(),
            entry.object.to_string(),
            entry.result.to_string(),
            entry.reason.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    rows
}
