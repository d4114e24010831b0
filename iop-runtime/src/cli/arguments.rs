//! The command line as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit::CODES;
use super::keeping::StoreCommand;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::message::{AlertKind, BlobId, MessageId, SessionId, Status};
use crate::settings::{Keep, Setting};
use crate::store::Level;

/// Everything that the binary of a production can be asked.
#[derive(Debug, Parser)]
#[command(after_help = CODES, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// Settings file in place of iop.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets `item.setting` (or `iop.setting`) over file and environment.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Keeps messages in this directory; as `--set iop.store=DIR`.
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "memory")]
    pub(crate) store: Option<String>,
    /// Keeps messages in memory only; as `--set iop.store=memory`.
    #[arg(long, global = true)]
    pub(crate) memory: bool,
    /// Asks the production at this URL, http://HOST:PORT, in place of the one with the store; where a command asks a running one.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The file with the token for `--url`.
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the production (the default).
    Run(RunArguments),
    /// Checks the graph and all settings; starts and opens nothing.
    Check,
    /// Lists the productions, components and message types in this program.
    List(Output<Table>),
    /// Prints the graph of items and routes; starts and opens nothing.
    Graph(GraphArguments),
    /// Finds messages.
    Messages(MessagesArguments),
    /// Shows everything that descends from one input, with its log lines.
    Trace(TraceArguments),
    /// Shows how many messages wait for each item.
    Queues(Output<Table>),
    /// Shows the event log.
    Log(LogArguments),
    /// Shows every setting, its value and where that came from; changes those of the running production.
    Settings(ShowSettings),
    /// Shows and edits lookup tables.
    #[command(subcommand)]
    Table(TableCommand),
    /// Writes the content that a message refers to as `{ "$blob": … }`.
    Blob(BlobArguments),
    /// Prints the JSON Schema of a message type.
    Schema(SchemaArguments),
    /// Writes messages.lock: the message types as stored messages have them, to be committed.
    Lock(LockArguments),
    /// Asks the running production how it is.
    Status(StatusArguments),
    /// Starts an item of the running production.
    Start(ItemArguments),
    /// Stops an item of the running production; its queue waits.
    Stop(ItemArguments),
    /// Stops an item of the running production and starts it again.
    Restart(ItemArguments),
    /// Puts suspended messages back into their queues.
    Resume(DecideArguments),
    /// Takes messages that wait out of their queues for good.
    Discard(DecideArguments),
    /// Sends stored messages once more, as new messages that name the old ones.
    Resend(ResendArguments),
    /// Removes finished sessions that are old enough.
    Purge(PurgeArguments),
    /// Shows the conditions that hold and a person should know of.
    Alerts(AlertsArguments),
    /// Checks, audits, copies, saves and releases the store.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Says who may call the production, and in which role.
    #[command(subcommand)]
    User(super::user::UserCommand),
    /// Sends a message to an item, and shows its response and its trace.
    ///
    /// Asks the running production; where none runs, starts it in this process without the services that poll or have an
    /// adapter, and stops it again.
    Test(TestArguments),
    /// Plays recorded sessions on this build, and shows what comes out otherwise.
    ///
    /// Nothing outside is touched: operations give their recorded answers, and services that poll or have an adapter do not
    /// start. The store is only read. Ends with 5 where something is different.
    Replay(ReplayArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Only items of this category; may be given several times.
    #[arg(long)]
    pub(crate) category: Vec<String>,
    #[command(flatten)]
    pub(crate) output: Output<Table>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The store directory that has the record.
    #[arg(long, value_name = "STORE")]
    pub(crate) against: PathBuf,
    /// Only this session; may be given several times.
    #[arg(long)]
    pub(crate) session: Vec<SessionId>,
    /// Only sessions that began since: a time (2026-11-24T09:00:00Z) or how long ago (90s, 10m, 1h).
    #[arg(long, value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
    /// Calls this operation, with its effects outside, instead of giving its recorded answers.
    #[arg(long, value_name = "ITEM")]
    pub(crate) run: Vec<String>,
    /// Differences in fields of this name, or at this path, do not count.
    #[arg(long, value_name = "FIELD")]
    pub(crate) ignore: Vec<String>,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: ReplayForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayForm {
    Text,
    Json,
}

#[derive(Debug, Args, Default)]
pub(crate) struct RunArguments {
    /// Ends when nothing is left to do, with a summary.
    #[arg(long)]
    pub(crate) until_idle: bool,
    #[command(flatten)]
    pub(crate) changes: ChangeArguments,
}

/// What to do where the production is not the one that the store was last opened by.
#[derive(Debug, Clone, Args, Default)]
pub(crate) struct ChangeArguments {
    /// Starts although messages wait for items that are gone: `hold` suspends them, `discard` discards them.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) orphans: Option<OrphanChoice>,
    /// Starts although stored messages do not fit their changed types: `hold` suspends those.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) changed: Option<ChangedChoice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrphanChoice {
    Hold,
    Discard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangedChoice {
    Hold,
}

#[derive(Debug, Args)]
pub(crate) struct BlobArguments {
    /// The hash that stands behind `$blob`.
    pub(crate) blob: BlobId,
    /// The file to write; it must not exist. Without it, the content goes to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LockArguments {
    /// Writes nothing, and fails where stored messages could not be read or the file is not up to date.
    #[arg(long, conflicts_with = "accept")]
    pub(crate) check: bool,
    /// Writes it although stored messages could not be read: no such message is stored any more.
    #[arg(long)]
    pub(crate) accept: bool,
    /// The file, in place of messages.lock.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ShowSettings {
    #[command(flatten)]
    pub(crate) output: Output<Table>,
    #[command(subcommand)]
    pub(crate) action: Option<SettingsAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsAction {
    /// Has the running production read its settings once more and apply what has changed: all of it or nothing.
    Reload {
        /// Only shows what would change.
        #[arg(long)]
        dry_run: bool,
        /// Form of the output.
        #[arg(short, long, value_enum, default_value = "table")]
        output: Table,
    },
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableForm {
    Csv,
    Toml,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Lists the tables that settings name.
    List(Output<Table>),
    /// Prints the value of a key.
    Get {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// Sets the value of a key.
    Set {
        /// The table.
        table: String,
        /// The key.
        key: String,
        /// The value.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Removes a key.
    Delete {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// Sets the keys in a file, all of them or none.
    Import {
        /// The table.
        table: String,
        /// The file, or `-` for standard input: two columns `key,value`, or TOML.
        file: PathBuf,
        /// How the file is written, where its name does not say it.
        #[arg(long, value_enum)]
        form: Option<TableForm>,
        /// Removes the keys that are not in the file.
        #[arg(long)]
        replace: bool,
    },
    /// Prints a table as `import` reads it.
    Export {
        /// The table.
        table: String,
        /// How it is written.
        #[arg(long, value_enum, default_value = "csv")]
        form: TableForm,
    },
    /// Shows who changed what, the latest first.
    History {
        /// The table.
        table: String,
        /// Form of the output.
        #[arg(short, long, value_enum, default_value = "table")]
        output: Table,
    },
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Output<F: ValueEnum + Clone + Send + Sync + 'static> {
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: F,
}

/// For people, or for programs, one document or one line each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    Table,
    Json,
    Jsonl,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "mermaid")]
    pub(crate) output: GraphForm,
    /// Prints what changed since this graph, an earlier output of `-o json`.
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) diff: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    Mermaid,
    Dot,
    Json,
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct MessagesArguments {
    /// Of this session.
    #[arg(long)]
    pub(crate) session: Option<SessionId>,
    /// Sent or received by this item.
    #[arg(long)]
    pub(crate) item: Option<String>,
    /// Of this message type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// In this state.
    #[arg(long, value_parser = status)]
    pub(crate) status: Option<Status>,
    /// With this value of a `#[key]` field.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key)]
    pub(crate) key: Option<(String, String)>,
    /// Accepted since: a time (2026-11-24T09:00:00Z) or how long ago (90s, 10m, 1h).
    #[arg(long, value_parser = moment)]
    pub(crate) since: Option<Timestamp>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: Rows,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArguments {
    /// A session, or any message in it.
    pub(crate) session: MessageId,
    /// Shows the values of `#[sensitive]` fields, and bodies of types that this program does not know.
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "tree")]
    pub(crate) output: TraceForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceForm {
    Tree,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    /// Said in turns of this item.
    #[arg(long)]
    pub(crate) item: Option<String>,
    /// Said in this session.
    #[arg(long)]
    pub(crate) session: Option<SessionId>,
    /// At least this grave: error, warn, info, debug, trace.
    #[arg(long, value_parser = level)]
    pub(crate) level: Option<Level>,
    /// At most so many lines, the last.
    #[arg(short, long = "lines", value_name = "LINES", default_value_t = 100)]
    pub(crate) number: usize,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: Rows,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The message type; `list` shows all.
    #[arg(value_name = "TYPE")]
    pub(crate) type_name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ItemArguments {
    /// The item.
    pub(crate) item: String,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The item.
    pub(crate) item: String,
    /// The message type, where the item handles several.
    #[arg(short, long = "type", value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// The message: JSON, a file (`@hello.json`), or `-` for standard input.
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) body: String,
    /// Shows the values of `#[sensitive]` fields.
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "tree")]
    pub(crate) output: TraceForm,
}

/// Which messages: by their ids, or by a search.
#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// The messages.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<MessageId>,
    /// Of this session.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) session: Option<SessionId>,
    /// To this item.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) item: Option<String>,
    /// Of this message type.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "ids")]
    pub(crate) type_name: Option<String>,
    /// In this state; what is resumed or discarded is suspended.
    #[arg(long, value_parser = status, conflicts_with = "ids")]
    pub(crate) status: Option<Status>,
    /// With this value of a `#[key]` field.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key, conflicts_with = "ids")]
    pub(crate) key: Option<(String, String)>,
    /// Accepted since: a time (2026-11-24T09:00:00Z) or how long ago (90s, 10m, 1h).
    #[arg(long, value_parser = moment, conflicts_with = "ids")]
    pub(crate) since: Option<Timestamp>,
    /// Shows the ids, and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Does it with everything that the search finds.
    #[arg(long)]
    pub(crate) yes: bool,
    /// In whose name; the user of the system where it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

impl Chosen {
    /// Nothing is said of which.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
            && self.session.is_none()
            && self.item.is_none()
            && self.type_name.is_none()
            && self.status.is_none()
            && self.key.is_none()
            && self.since.is_none()
    }
}

#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Why; `discard` needs it.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ResendArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// To this item in place of their own.
    #[arg(long, value_name = "ITEM")]
    pub(crate) to: Option<String>,
    /// Also those that were resent already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Another body for one message: JSON, a file (`@hello.json`), or `-` for standard input.
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) body: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    /// What ended so long ago (30d, 12h); what the settings say, where it is left out.
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Age>,
    /// Says what would go, and removes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Does it.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// How long ago.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age(pub(crate) Duration);

fn age(text: &str) -> Result<Age, String> {
    match Keep::from_raw(&text.into()) {
        Ok(Keep::For(age)) => Ok(Age(age)),
        _ => Err("write how long ago (30d, 12h)".to_owned()),
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AlertsArguments {
    #[command(flatten)]
    pub(crate) output: Output<Table>,
    #[command(subcommand)]
    pub(crate) action: Option<AlertsAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsAction {
    /// Has the rules of an item keep silent for a while; with 0s they speak again.
    Mute {
        /// The item.
        item: String,
        /// Only this rule.
        #[arg(long, value_parser = kind)]
        kind: Option<AlertKind>,
        /// For how long (30m, 2h).
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        duration: Duration,
    },
}

fn kind(text: &str) -> Result<AlertKind, String> {
    let names = || AlertKind::ALL.map(AlertKind::as_str).join(", ");
    AlertKind::from_word(text).ok_or_else(|| format!("one of {}", names()))
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::from_raw(&text.into()).map_err(|_| "write how long (30m, 2h)".to_owned())
}

fn status(text: &str) -> Result<Status, String> {
    let names = || Status::ALL.map(Status::as_str).join(", ");
    Status::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| format!("one of {}", names()))
}

fn level(text: &str) -> Result<Level, String> {
    [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace]
        .into_iter()
        .find(|level| level.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "one of error, warn, info, debug, trace".to_owned())
}

fn key(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(time.as_microsecond()));
    }
    let ago =
        Duration::from_raw(&text.into()).map_err(|_| "write a time (2026-11-24T09:00:00Z) or how long ago (1h)")?;
    let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    Ok(Timestamp(SystemClock.now().0.saturating_sub(micros)))
}
