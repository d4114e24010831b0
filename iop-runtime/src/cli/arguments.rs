//! The command line as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::audit::AuditArguments;
use super::check::CheckArguments;
use super::exit::CODES;
use super::jobs::JobsArguments;
use super::keeping::StoreCommand;
use super::messages::MessagesCommand;
use super::monitor::MonitorArguments;
use super::operator::{DecideArguments, ResendArguments, ResumeArguments};
use super::queues::QueuesArguments;
use super::searches::SearchesArguments;
use super::tables::TableCommand;
use super::terminal::Color;
use super::transfer::{ExportArguments, ImportArguments};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::message::{AlertKind, BlobId, MessageId, SessionId};
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
    /// Asks the production at this URL, http://HOST:PORT or https://HOST:PORT, in place of the one with the store; where a command asks a running one.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The file with the token for `--url`.
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
    /// The certificates to trust at an https:// URL, a PEM file.
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
    /// When lines have colours.
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the production (the default).
    Run(RunArguments),
    /// Checks the graph and all settings; starts and opens nothing.
    Check(CheckArguments),
    /// Lists the productions, components and message types in this program.
    List(Output<Rows>),
    /// Prints the graph of items and routes; starts and opens nothing.
    Graph(GraphArguments),
    /// Finds and shows messages.
    #[command(subcommand)]
    Messages(MessagesCommand),
    /// Shows the searches that are kept under a name, keeps one, and forgets one.
    Searches(SearchesArguments),
    /// Shows everything that descends from one input, with its log lines.
    Trace(TraceArguments),
    /// Shows how many messages wait for each item, and which.
    Queues(QueuesArguments),
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
    /// Shows the running production, again and again.
    Top(TopArguments),
    /// Says whether all is well, in one line and an exit code for Nagios and its like.
    MonitorCheck(MonitorArguments),
    /// Starts an item of the running production, those of a category, or all of them.
    Start(StartArguments),
    /// Stops an item of the running production, those of a category, or all of them; what is in their queues waits.
    Stop(StopArguments),
    /// Stops an item of the running production, those of a category, or all of them, and starts it again.
    Restart(StopArguments),
    /// Has items of the running production take nothing more: what they work on is finished, and their queues grow.
    Pause(PauseArguments),
    /// Puts suspended messages back into their queues, or has paused items go on.
    Resume(ResumeArguments),
    /// Takes messages that wait out of their queues for good.
    Discard(DecideArguments),
    /// Sends stored messages once more, as new messages that name the old ones.
    Resend(ResendArguments),
    /// Shows what is done to many messages at once, and holds or ends it.
    Jobs(JobsArguments),
    /// Writes messages with their bodies, a line of JSON each, in the order of acceptance.
    Export(ExportArguments),
    /// Takes the requests of an export in as new messages in the queues of their items.
    ///
    /// Each goes through the type that its item has for it, in a session of its own; `key.imported_from:ID` finds it. What was
    /// imported before is known again, so an import that broke off is repeated.
    Import(ImportArguments),
    /// Removes finished sessions that are old enough, or those of what a query finds.
    Purge(PurgeArguments),
    /// Shows the conditions that hold and a person should know of.
    Alerts(AlertsArguments),
    /// Shows who did what, and proves that nobody has changed what stands there.
    Audit(AuditArguments),
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
    /// Prints what a shell completes command lines with: names of items and message types as well.
    #[cfg(feature = "completions")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether it can ask a production that is named by its URL: the others are about this program, or about files of this
    /// machine.
    pub(crate) fn asks(&self) -> bool {
        match self {
            Self::Messages(_)
            | Self::Searches(_)
            | Self::Trace(_)
            | Self::Queues(_)
            | Self::Log(_)
            | Self::Table(_)
            | Self::Status(_)
            | Self::Top(_)
            | Self::MonitorCheck(_)
            | Self::Start(_)
            | Self::Stop(_)
            | Self::Restart(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Discard(_)
            | Self::Resend(_)
            | Self::Jobs(_)
            | Self::Purge(_)
            | Self::Export(_)
            | Self::Import(_)
            | Self::Alerts(_)
            | Self::Audit(_) => true,
            Self::Settings(arguments) => matches!(arguments.action, Some(SettingsAction::Reload { .. })),
            Self::Test(arguments) => !arguments.list && arguments.template.is_none(),
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Only items of this category; may be given several times.
    #[arg(long)]
    pub(crate) category: Vec<String>,
    #[command(flatten)]
    pub(crate) output: Output<Rows>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The store directory that has the record.
    #[arg(long, value_name = "STORE")]
    pub(crate) against: PathBuf,
    /// Only this session; may be given several times.
    #[arg(long)]
    pub(crate) session: Vec<SessionId>,
    /// Only sessions that began since: a time (2026-11-24T09:00:00Z) or how long ago (90s, 10m, 7d).
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
    pub(crate) output: Output<Rows>,
    #[command(subcommand)]
    pub(crate) action: Option<SettingsAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsAction {
    /// Prints the value of a setting, and where it came from on stderr.
    Get {
        /// The setting, `item.setting`.
        key: String,
    },
    /// Shows the settings that are not what the source of the program says: those of file, environment and command line.
    Diff(Output<Rows>),
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

/// Of several: for people, for programs as one document or as one line each, for spreadsheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    Table,
    Json,
    Jsonl,
    Csv,
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
    Ascii,
    Mermaid,
    Dot,
    Json,
    Svg,
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
    Mermaid,
    Svg,
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
    /// With this text in it, whatever the case of its letters.
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,
    /// At most so many lines, the last.
    #[arg(short, long = "lines", value_name = "LINES", default_value_t = 100)]
    pub(crate) number: usize,
    /// Goes on with what is said from then on, until it is interrupted.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: Rows,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The message type; with `-o openapi` it may be left out, for all.
    #[arg(value_name = "TYPE", required_unless_present = "output")]
    pub(crate) type_name: Option<String>,
    /// Form of the output.
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<SchemaForm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaForm {
    /// The JSON Schema of one type; of all by name, where none is named.
    Json,
    /// An OpenAPI document with the types and the calls of the services that take them.
    Openapi,
}

#[derive(Debug, Args)]
pub(crate) struct StartArguments {
    #[command(flatten)]
    pub(crate) which: WhichItems,
}

/// One item, those of a category, or all of them.
#[derive(Debug, Args)]
pub(crate) struct WhichItems {
    /// The item; all of them, where it is left out.
    pub(crate) item: Option<String>,
    /// The items of this category; may be given several times.
    #[arg(long, conflicts_with = "item")]
    pub(crate) category: Vec<String>,
}

impl WhichItems {
    pub(crate) fn of(categories: &[String]) -> Self {
        Self { item: None, category: categories.to_vec() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PauseArguments {
    /// The items.
    #[arg(required_unless_present = "category", value_name = "ITEM")]
    pub(crate) items: Vec<String>,
    /// The items of this category; may be given several times.
    #[arg(long, conflicts_with = "items")]
    pub(crate) category: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StopArguments {
    #[command(flatten)]
    pub(crate) which: WhichItems,
    /// Handlers that run may take so long to finish (30s); `iop.stop_grace` where it is left out.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Cuts handlers off that run; their messages stay in their queues.
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) now: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    /// Between two looks (1s).
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    pub(crate) every: Duration,
    /// Looks once, and ends.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The item.
    #[arg(required_unless_present_any = ["list", "template"])]
    pub(crate) item: Option<String>,
    /// The message type, where the item handles several.
    #[arg(short, long = "type", value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// The message: JSON, a file (`@hello.json`), or `-` for standard input.
    #[arg(
        short,
        long,
        value_name = "JSON|@FILE|-",
        allow_hyphen_values = true,
        required_unless_present_any = ["list", "template"]
    )]
    pub(crate) body: Option<String>,
    /// What the response must be, as `--body`; ends with 5 where it is otherwise.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) expect: Option<String>,
    /// Shows the values of `#[sensitive]` fields.
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Lists the items that take messages, and which.
    #[arg(long, conflicts_with_all = ["item", "template", "body", "expect"])]
    pub(crate) list: bool,
    /// Prints a body of this message type to begin with.
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["item", "body", "expect"])]
    pub(crate) template: Option<String>,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value = "tree")]
    pub(crate) output: TraceForm,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    /// What ended so long ago (30d, 12h); what the settings say, where it is left out.
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Age>,
    /// The finished sessions of what this query finds, whatever their age: 'key.mrn:4711', 'type:Heartbeat until:1d'.
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true, conflicts_with = "older_than")]
    pub(crate) query: Option<String>,
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
    pub(crate) output: Output<Rows>,
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

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    Duration::from_raw(&text.into()).map_err(|_| "write how long (30m, 2h)".to_owned())
}

fn level(text: &str) -> Result<Level, String> {
    [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace]
        .into_iter()
        .find(|level| level.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "one of error, warn, info, debug, trace".to_owned())
}

pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(time.as_microsecond()));
    }
    let Age(ago) = age(text).map_err(|_| "write a time (2026-11-24T09:00:00Z) or how long ago (1h, 7d)")?;
    let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    Ok(Timestamp(SystemClock.now().0.saturating_sub(micros)))
}
