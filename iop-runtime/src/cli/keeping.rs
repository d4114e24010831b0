//! `store`: what an operator does with a store as a whole. Looking and copying work beside a production that runs.

use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, Subcommand};
use hyper::Method;
use serde::Serialize;
use serde_json::json;

use super::arguments::{Output, SettingsArguments, Table};
use super::exit::{Exit, Failure};
use super::store::refused;
use super::table::Rows;
use super::{Program, say, wait_for, who};
use crate::events::escaped;
use crate::settings::StoreChoice;
use crate::store::sqlite::OpenError;
use crate::store::sqlite::keeping::{self, Audit, Check, Damage, Keeper, KeepingError, Salvage};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Verifies the file, every checksum, the tip, the contents and the books. Ends with 65 where something is wrong.
    Check(Output<Table>),
    /// Shows the books: accepted = completed + queued + in flight + retrying + suspended + discarded + expired + purged. Ends
    /// with 65 where they do not balance.
    Audit(Output<Table>),
    /// Copies the store to a new directory, verified. Operations of the copy are held until `store release`.
    Backup(BackupArguments),
    /// Copies everything that is sound of a damaged store to a new one; the old one stays as it is.
    Salvage(SalvageArguments),
    /// Goes on without commits that were acknowledged and are gone; the files are kept as they were found.
    AcceptLoss(ConfirmArguments),
    /// Lets the operations of a copy do what they do outside.
    Release,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Where the copy goes; nothing may be there.
    #[arg(value_name = "DIR")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) output: Output<Table>,
}

#[derive(Debug, Args)]
pub(crate) struct SalvageArguments {
    /// Where the new store goes; nothing may be there.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) output: Output<Table>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfirmArguments {
    /// Does it.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: Output<Table>,
}

impl Program {
    /// `store`.
    pub(crate) fn keep(
        self,
        settings: &SettingsArguments,
        command: &StoreCommand,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let StoreChoice::Sqlite(dir) = self.engine_settings(settings)?.store else {
            let text = "this production keeps its messages in the memory of its process; there is no store to keep";
            return Err(Failure::new(Exit::NotRunning, text));
        };
        if !dir.exists() {
            let text = format!("there is no store {}; `--store DIR` names another", dir.display());
            return Err(Failure::found_nothing(text));
        }
        match command {
            StoreCommand::Check(output) => check(&dir, output.output, out),
            StoreCommand::Audit(output) => audit(&dir, output.output, out),
            StoreCommand::Backup(arguments) => backup(&dir, arguments, out),
            StoreCommand::Salvage(arguments) => salvage(&dir, arguments, out),
            StoreCommand::AcceptLoss(arguments) => accept_loss(&dir, arguments, out),
            StoreCommand::Release => self.release(settings, &dir, out),
        }
    }

    fn release(self, settings: &SettingsArguments, dir: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
        let released = match keeping::release(dir, &keeper()) {
            // Whoever has it open lets go.
            Err(KeepingError::Open(OpenError::Locked { .. })) => {
                let remote = self.remote(settings)?;
                let path = format!("/api/v1/store/release?by={}", super::remote::segment(&who()));
                let answer: serde_json::Value = wait_for(remote.ask(Method::POST, &path, Bytes::new()))?;
                answer["released"] == true
            }
            done => done.map_err(|error| unkept(&error))?,
        };
        let text = if released { "released: operations start with the production" } else { "nothing was held" };
        writeln!(out, "{text}")?;
        Ok(Exit::Done)
    }
}

fn keeper() -> Keeper {
    Keeper { who: who().into(), role: "operator".into(), from: "command line".into() }
}

fn unkept(error: &KeepingError) -> Failure {
    match error {
        KeepingError::Open(error) => refused(error),
        KeepingError::BadCopy { .. } => Failure::new(Exit::Damaged, error.to_string()),
        error => Failure::failed(error),
    }
}

fn document(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

fn check(dir: &Path, output: Table, out: &mut dyn Write) -> Result<Exit, Failure> {
    let check = keeping::check(dir).map_err(|error| refused(&error))?;
    if output == Table::Json {
        document(&json!({ "sound": check.is_sound(), "check": check }), out)?;
    } else {
        show_check(dir, &check, out)?;
    }
    Ok(if check.is_sound() { Exit::Done } else { Exit::Damaged })
}

fn show_check(dir: &Path, check: &Check, out: &mut dyn Write) -> Result<(), Failure> {
    let Check { messages, states, blobs, .. } = check;
    let verdict = if check.is_sound() { "sound" } else { "not sound" };
    writeln!(out, "{} is {verdict}: {messages} messages, {states} states, {blobs} contents verified", dir.display())?;
    for line in &check.database {
        writeln!(out, "the database: {}", escaped(line))?;
    }
    if let Some(lost) = &check.lost {
        writeln!(out, "{lost}")?;
    }
    show_damage(&check.damage, out)?;
    let more = check.damaged.saturating_sub(check.damage.len() as u64);
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    match &check.books {
        Some(books) if !books.is_balanced() => show_audit(books, out)?,
        Some(_) => {}
        None => writeln!(out, "the books cannot be read")?,
    }
    Ok(())
}

fn show_damage(damage: &[Damage], out: &mut dyn Write) -> Result<(), Failure> {
    for Damage { what, id, why, .. } in damage {
        writeln!(out, "{what} {id}: {}", escaped(why))?;
    }
    Ok(())
}

fn audit(dir: &Path, output: Table, out: &mut dyn Write) -> Result<Exit, Failure> {
    let audit = keeping::audit(dir).map_err(|error| refused(&error))?;
    if output == Table::Json {
        document(&json!({ "balanced": audit.is_balanced(), "audit": audit }), out)?;
    } else {
        show_audit(&audit, out)?;
    }
    Ok(if audit.is_balanced() { Exit::Done } else { Exit::Damaged })
}

fn show_audit(audit: &Audit, out: &mut dyn Write) -> Result<(), Failure> {
    let mut rows =
        Rows::new(["item", "queued", "in_flight", "retrying", "suspended", "completed", "discarded", "expired", "all"]);
    for item in &audit.items {
        rows.push([
            item.item.clone().unwrap_or_default(),
            item.queued.to_string(),
            item.in_flight.to_string(),
            item.retrying.to_string(),
            item.suspended.to_string(),
            item.completed.to_string(),
            item.discarded.to_string(),
            item.expired.to_string(),
            item.total().to_string(),
        ]);
    }
    rows.write(out)?;
    let Audit { accepted, purged, stored, orphans, .. } = audit;
    let balance = if audit.is_balanced() { "the books balance" } else { "THE BOOKS DO NOT BALANCE" };
    writeln!(out, "{balance}: {accepted} accepted, {stored} stored, {purged} purged")?;
    for (count, what) in [
        (orphans.messages_without_body, "messages without a body"),
        (orphans.bodies, "bodies without a message"),
        (orphans.keys, "keys without a message"),
        (orphans.blobs, "references to contents without a message or a state"),
    ] {
        if count > 0 {
            writeln!(out, "{count} {what}")?;
        }
    }
    Ok(())
}

fn backup(dir: &Path, arguments: &BackupArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let backup = keeping::backup(dir, &arguments.to, &keeper()).map_err(|error| unkept(&error))?;
    if arguments.output.output == Table::Json {
        document(&backup, out)?;
    } else {
        let (to, copied) = (arguments.to.display(), &backup.copied);
        writeln!(out, "{to}: {} messages, {} states, {} contents", copied.messages, copied.states, copied.blobs)?;
        show_damage(&backup.check.damage, out)?;
        say("what operations of the copy do outside is held until `store release`");
    }
    Ok(if backup.check.is_sound() { Exit::Done } else { Exit::Damaged })
}

fn salvage(dir: &Path, arguments: &SalvageArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let saved = keeping::salvage(dir, &arguments.to, &keeper()).map_err(|error| unkept(&error))?;
    if arguments.output.output == Table::Json {
        document(&saved, out)?;
    } else {
        show_salvage(&arguments.to, &saved, out)?;
    }
    Ok(if saved.left_behind.is_nothing() { Exit::Done } else { Exit::Damaged })
}

fn show_salvage(to: &Path, saved: &Salvage, out: &mut dyn Write) -> Result<(), Failure> {
    let (copied, left) = (&saved.copied, &saved.left_behind);
    writeln!(
        out,
        "{}: {} messages, {} states, {} contents saved",
        to.display(),
        copied.messages,
        copied.states,
        copied.blobs
    )?;
    match left.missing {
        Some(0) => {}
        Some(missing) => writeln!(out, "{missing} messages that the old store had accepted were not found")?,
        None => writeln!(out, "how many messages the old store had accepted cannot be read")?,
    }
    show_damage(&left.damaged, out)?;
    for line in &left.unreadable {
        writeln!(out, "could not be read: {}", escaped(line))?;
    }
    Ok(())
}

fn accept_loss(dir: &Path, arguments: &ConfirmArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let json = arguments.output.output == Table::Json;
    if !arguments.yes {
        let lost = keeping::find_loss(dir).map_err(|error| refused(&error))?;
        if json {
            document(&json!({ "lost": lost, "accepted": false }), out)?;
        } else {
            writeln!(out, "{}", lost.map_or_else(|| "nothing is lost".to_owned(), |lost| lost.to_string()))?;
        }
        if lost.is_none() {
            return Ok(Exit::Done);
        }
        say("`--yes` goes on without them; a backup may have them");
        return Ok(Exit::CheckFailed);
    }
    let accepted = keeping::accept_loss(dir, &keeper()).map_err(|error| unkept(&error))?;
    if json {
        let (lost, kept) = accepted.map(|accepted| (accepted.lost, accepted.kept)).unzip();
        document(&json!({ "lost": lost, "kept": kept, "accepted": true }), out)?;
    } else {
        match accepted {
            None => writeln!(out, "nothing is lost")?,
            Some(accepted) => writeln!(
                out,
                "{}; the store goes on without them. The files as they were found are in {}",
                accepted.lost,
                accepted.kept.display()
            )?,
        }
    }
    Ok(Exit::Done)
}
