//! The command line: one binary that runs a production, shows it, and talks to the one that runs.
//!
//! Data goes to stdout, everything else to stderr; how a command ended is in its exit code ([`exit::CODES`]).

mod arguments;
mod audit;
mod blob;
mod check;
#[cfg(feature = "completions")]
mod completions;
mod edit;
mod exit;
mod graph;
mod jobs;
mod keeping;
mod lock;
mod messages;
mod monitor;
mod operator;
mod orders;
mod place;
mod queues;
mod read;
mod remote;
mod replay;
mod screen;
mod searches;
mod settings;
mod signals;
mod source;
mod start;
mod status;
mod store;
mod table;
mod tables;
mod terminal;
mod test;
mod top;
mod trace;
mod transfer;
mod upkeep;
mod user;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::component::Wiring;
use crate::production::{Graph, Production, Registry};
use crate::settings::options::snake_case;
use arguments::{Arguments, Command, RunArguments};
use exit::{Exit, Failure};
use orders::Order;

/// The whole program of a production: `fn main() -> ExitCode { iop::run::<HelloWorld>() }`.
///
/// Without a command it runs the production; `--help` shows what else it does, and which exit codes there are.
#[must_use]
pub fn run<P: Production>() -> ExitCode {
    let program = Program { graph: P::GRAPH, wiring: P::wiring };
    // Not locked: handlers may print as well.
    let mut out = BufWriter::new(io::stdout());
    let done = program.answer(std::env::args_os(), &mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // What was found before the failure is shown before it.
            let _ = out.flush();
            say(&failure.text);
            failure.exit.into()
        }
    }
}

/// Says something beside the output.
pub(crate) fn say(text: &str) {
    if !text.is_empty() {
        // Where stderr is gone there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// A production as the command line needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) graph: &'static Graph,
    pub(crate) wiring: fn() -> Vec<Wiring>,
}

impl Program {
    fn answer(self, command_line: impl Iterator<Item = OsString>, out: &mut dyn Write) -> Result<Exit, Failure> {
        let arguments = match self.parse(command_line) {
            Ok(arguments) => arguments,
            Err(error) => {
                // `--help` is an error to clap, and goes to stdout.
                let _ = error.print();
                return if error.use_stderr() { Err(Failure::new(Exit::Usage, "")) } else { Ok(Exit::Done) };
            }
        };
        let settings = &arguments.settings;
        let command = arguments.command.unwrap_or(Command::Run(RunArguments::default()));
        if settings.url.is_some() && !command.asks() {
            return Err(Failure::new(Exit::Usage, "`--url` is for commands that ask a production that runs"));
        }
        match command {
            Command::Run(arguments) => self.run(settings, &arguments, out),
            Command::Check(arguments) => self.check(settings, &arguments, out),
            Command::List(output) => graph::list(output.output, out),
            Command::Graph(arguments) => self.export(&arguments, out),
            Command::Messages(command) => self.messages(settings, &command, out),
            Command::Searches(arguments) => self.searches(settings, &arguments, out),
            Command::Trace(arguments) => self.trace(settings, &arguments, out),
            Command::Queues(arguments) => self.queues(settings, &arguments, out),
            Command::Log(arguments) => self.log(settings, &arguments, out),
            Command::Settings(arguments) => self.settings(settings, &arguments, out),
            Command::Table(command) => self.table(settings, &command, out),
            Command::Schema(arguments) => self.schema(&arguments, out),
            Command::Blob(arguments) => self.blob(settings, &arguments, out),
            Command::Lock(arguments) => self.lock(&arguments, out),
            Command::Status(which) => self.status(settings, &which, out),
            Command::Top(arguments) => self.top(settings, &arguments, out),
            Command::MonitorCheck(arguments) => self.monitor(settings, &arguments, out),
            Command::Start(arguments) => self.order(settings, &arguments.which, &Order::Start),
            Command::Stop(arguments) => self.order(settings, &arguments.which, &Order::stop(&arguments)),
            Command::Restart(arguments) => self.order(settings, &arguments.which, &Order::restart(&arguments)),
            Command::Pause(arguments) => self.pause(settings, &arguments),
            Command::Jobs(arguments) => self.jobs(settings, &arguments, out),
            Command::Audit(arguments) => self.audit(settings, &arguments, out),
            #[cfg(feature = "completions")]
            Command::Completions { shell } => self.completions(shell, out),
            Command::Replay(arguments) => self.replay(settings, &arguments, out),
            Command::Resume(arguments) => self.resume(settings, &arguments, out),
            Command::Discard(arguments) => self.discard(settings, &arguments, out),
            Command::Resend(arguments) => self.resend(settings, &arguments, out),
            Command::Export(arguments) => self.export_messages(settings, &arguments, out),
            Command::Import(arguments) => self.import_messages(settings, &arguments, out),
            Command::Purge(arguments) => self.purge(settings, &arguments, out),
            Command::Alerts(arguments) => self.alerts(settings, &arguments, out),
            Command::Store(command) => self.keep(settings, &command, out),
            Command::User(command) => self.user(settings, &command, out),
            Command::Test(arguments) => self.test(settings, &arguments, out),
        }
    }

    fn parse(self, command_line: impl Iterator<Item = OsString>) -> Result<Arguments, clap::Error> {
        Arguments::from_arg_matches(&self.command().try_get_matches_from(command_line)?)
    }

    /// Everything that can be typed.
    fn command(self) -> clap::Command {
        let name = snake_case(self.graph.name);
        let about = format!("{}\n\n{}", self.graph.doc.trim(), self.size()).trim().to_owned();
        let version = concat!("(iop ", env!("CARGO_PKG_VERSION"), ")");
        Arguments::command().name(name.clone()).bin_name(name).about(about).version(version)
    }

    /// `2 items, 1 route`.
    pub(crate) fn size(self) -> String {
        let (items, routes) = (self.graph.items.len(), self.graph.routes.len());
        let plural = |count| if count == 1 { "" } else { "s" };
        format!("{items} item{}, {routes} route{}", plural(items), plural(routes))
    }
}

/// In whose name a command changes something: the user of the system.
pub(crate) fn who() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody at the command line".to_owned())
}

/// Everything that is linked.
pub(crate) fn linked() -> Result<Registry, Failure> {
    Registry::linked().map_err(|errors| Failure::failed(errors.join("\n")))
}

/// A runtime for commands that wait for little.
pub(crate) fn wait_for<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::failed)?.block_on(future)
}
