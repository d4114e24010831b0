//! `run`: starts the production, and stops it when it is idle, when it is told to, or when the store is gone.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::{Handle, Runtime};
use tokio_util::sync::CancellationToken;

use super::arguments::{ChangeArguments, ChangedChoice, OrphanChoice, RunArguments, SettingsArguments};
use super::exit::{Exit, Failure};
use super::settings::mistakes;
use super::signals::{Signal, Signals};
use super::{Program, linked, say, store};
use crate::director::http::{HttpEntrance, HttpOptions, Patience, Port};
use crate::engine::{self, ChangeChoice, Changed, Orphans, Reloading, Running, StartOptions, Stop, Summary};
use crate::events;
use crate::settings::options::snake_case;
use crate::settings::{EngineSettings, HttpChoice, ResolvedProduction, StoreChoice};
use crate::store::{Store, StoreError};
use crate::traces::Traces;

/// How long threads of the runtime may take to end.
const LAST_GRACE: Duration = Duration::from_secs(1);

impl Program {
    /// `run`.
    pub(crate) fn run(
        self,
        settings: &SettingsArguments,
        arguments: &RunArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let resolved = self.prepare(settings)?;
        say(&format!("{}: {}, checked at compile time", snake_case(self.graph.name), self.size()));
        let handlers = handlers(&resolved.engine)?;
        let runtime = runtime()?;
        let end = runtime.block_on(serve(resolved, arguments, handlers.handle(), out));
        // A handler that blocks its thread must not keep the program from ending.
        handlers.shutdown_timeout(LAST_GRACE);
        runtime.shutdown_timeout(LAST_GRACE);
        end
    }

    /// What every start needs: nothing registered twice, settings that fit, a place for what is said.
    pub(crate) fn prepare(self, settings: &SettingsArguments) -> Result<ResolvedProduction, Failure> {
        linked()?;
        let resolved = self.resolve(settings).map_err(|errors| mistakes(&errors, Exit::Failed))?;
        events::install(&resolved.engine.log).map_err(Failure::failed)?;
        Ok(resolved)
    }
}

/// A runtime for a production.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)
}

/// A runtime for handlers alone: what they block is theirs, and the engine and its callers keep their own threads.
fn handlers(engine: &EngineSettings) -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(engine.threads).thread_name("iop-handler").enable_all().build().map_err(Failure::failed)
}

async fn serve(
    resolved: ResolvedProduction,
    arguments: &RunArguments,
    handlers: &Handle,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let engine = resolved.engine.clone();
    let store = store::open(&engine)?;
    let traces = engine.otlp.as_ref().map(|_| Arc::new(Traces::default()));
    let entrance = match entrance(&engine, traces.clone()).await {
        Ok(entrance) => entrance,
        Err(failure) => {
            // The reason to end is the entrance; a store that does not close cleanly is safe all the same.
            let _ = store.close().await;
            return Err(failure);
        }
    };
    let changes = choice(&arguments.changes);
    let options = StartOptions { handlers: Some(handlers.clone()), changes, ..StartOptions::default() };
    let running = tokio::select! {
        running = begun(resolved, store, options) => running?,
        () = signals.stop() => return Err(Failure::new(Exit::Interrupted, "interrupted while starting")),
    };
    let listening = CancellationToken::new();
    let export = export(&engine, &running, traces, listening.clone());
    let director = running.director();
    if let Err(error) = director.continue_jobs().await {
        // The supervisor hears of a failing store by itself; the jobs stay as they are, and go on with the next start.
        say(&events::escaped_lines(&format!("jobs do not go on: {error}")));
    }
    let answer_callers = async {
        if let Some(entrance) = entrance {
            entrance.serve(director, listening.clone()).await;
        }
    };
    let until_the_end = async {
        let end = wait_for_end(&running, arguments, engine.stop_grace, &mut signals).await;
        // Callers first: what can no longer be done is no longer accepted.
        listening.cancel();
        let stopped = stop(running, engine.stop_grace, &mut signals).await;
        (end, stopped)
    };
    let ((), (), (end, stopped)) = tokio::join!(answer_callers, export, until_the_end);
    report(end, stopped, out)
}

/// Exports traces until `stop`, where somebody wants them.
#[cfg(feature = "otel")]
fn export(
    engine: &EngineSettings,
    running: &Running,
    traces: Option<Arc<Traces>>,
    stop: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    use crate::otel::{ExportOptions, Exporter};

    let core = running.core();
    let exporter = engine.otlp.clone().zip(traces).map(|(collector, traces)| {
        let options = ExportOptions::to(collector, core.graph.name);
        Exporter::of(Arc::clone(&core.store), Arc::clone(&core.clock), traces, options)
    });
    async move {
        if let Some(exporter) = exporter {
            exporter.run(stop).await;
        }
    }
}

/// A program without the feature exports nothing, and its settings cannot ask for it.
#[cfg(not(feature = "otel"))]
fn export(
    _: &EngineSettings,
    _: &Running,
    _: Option<Arc<Traces>>,
    _: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    std::future::ready(())
}

fn choice(arguments: &ChangeArguments) -> ChangeChoice {
    ChangeChoice {
        orphans: match arguments.orphans {
            None => Orphans::Refuse,
            Some(OrphanChoice::Hold) => Orphans::Hold,
            Some(OrphanChoice::Discard) => Orphans::Discard,
        },
        hold_changed: arguments.changed == Some(ChangedChoice::Hold),
    }
}

/// The production at work, unless what waits in its store is more than it could take and nobody has decided what becomes of
/// it.
pub(crate) async fn begun(
    resolved: ResolvedProduction,
    store: Arc<dyn Store>,
    options: StartOptions,
) -> Result<Running, Failure> {
    let changed = match engine::start(resolved, Arc::clone(&store), options).await {
        Ok(running) => return Ok(running),
        Err(changed) => changed,
    };
    // What is refused is left as it was.
    let _ = store.close().await;
    Err(match changed {
        Changed::Store(error) => store_failed(&error),
        changed => Failure::new(Exit::CheckFailed, events::escaped_lines(&changed.to_string())),
    })
}

/// The store does not come back.
fn store_failed(error: &StoreError) -> Failure {
    match error {
        StoreError::Corrupt(_) => Failure::new(
            Exit::Damaged,
            format!("{error}; it is left as it is: `store check` says how far, `store salvage` saves what is sound"),
        ),
        _ => Failure::new(Exit::Unusable, format!("the store failed: {error}; start again when it is mended")),
    }
}

/// Why a production stops.
enum End {
    /// Nothing is left to do.
    Idle(Summary),
    /// Somebody asked for it.
    Asked,
    /// The store does not come back.
    Gone(StoreError),
}

async fn wait_for_end(running: &Running, arguments: &RunArguments, grace: Duration, signals: &mut Signals) -> End {
    loop {
        tokio::select! {
            idle = running.until_idle(), if arguments.until_idle => return match idle {
                Ok(summary) => End::Idle(summary),
                Err(error) => End::Gone(error),
            },
            error = running.store_gone() => return End::Gone(error),
            signal = signals.next() => match signal {
                Signal::Stop => return End::Asked,
                Signal::Reload => reload(running, grace).await,
            },
        }
    }
}

/// What a signal asks for: the changes, or why there are none, are said on the terminal and in the event log.
async fn reload(running: &Running, grace: Duration) {
    match running.director().reload_settings("SIGHUP", Reloading::Apply, Stop::Drain(grace)).await {
        // What running instances keep is in the event log, and with it on the terminal.
        Ok(reloaded) => say(&format!("settings read once more: {} changed", reloaded.changes.len())),
        Err(error) => say(&events::escaped_lines(&format!("settings stay as they are:\n{error}"))),
    }
}

/// How a stop went.
enum Stopped {
    Cleanly(Result<(), StoreError>),
    CutOff,
}

/// Lets what runs finish; a second signal cuts it off.
async fn stop(running: Running, grace: Duration, signals: &mut Signals) -> Stopped {
    let director = running.director();
    let drain = running.stop(Stop::Drain(grace));
    tokio::pin!(drain);
    tokio::select! {
        closed = &mut drain => return Stopped::Cleanly(closed),
        () = signals.stop() => {}
    }
    say("stopping now; what has not finished stays in its queue");
    let cut_off = director.graph().items.iter().map(|item| director.stop_item(item.name, Stop::Now));
    // The items are those of the graph, so none is unknown. The drain sees that they have stopped, and closes the store.
    let _ = tokio::join!(join_all(cut_off), drain);
    Stopped::CutOff
}

fn report(end: End, stopped: Stopped, out: &mut dyn Write) -> Result<Exit, Failure> {
    match (end, stopped) {
        (End::Gone(error), _) => Err(store_failed(&error)),
        (_, Stopped::Cleanly(Err(error))) => {
            let text = format!("the store did not close cleanly: {error}; what was acknowledged is safe");
            Err(Failure::new(Exit::Unusable, text))
        }
        (_, Stopped::CutOff) => Ok(Exit::Interrupted),
        (End::Asked, Stopped::Cleanly(Ok(()))) => Ok(Exit::Done),
        (End::Idle(summary), Stopped::Cleanly(Ok(()))) => {
            let Summary { completed, failed, suspended } = summary;
            writeln!(
                out,
                "idle: {completed} turns completed, {failed} attempts failed, {suspended} messages suspended"
            )?;
            Ok(if suspended == 0 { Exit::Done } else { Exit::CheckFailed })
        }
    }
}

async fn entrance(engine: &EngineSettings, traces: Option<Arc<Traces>>) -> Result<Option<HttpEntrance>, Failure> {
    let HttpChoice::Listen(address) = engine.http else { return Ok(None) };
    let directory = match &engine.store {
        StoreChoice::Sqlite(directory) => Some(directory.clone()),
        StoreChoice::Memory => None,
    };
    let port = if engine.http_explicit { Port::Exactly } else { Port::Preferably };
    let options = HttpOptions {
        address,
        port,
        directory: directory.clone(),
        grace: engine.stop_grace,
        patience: Patience::default(),
        names: engine.http_names.clone(),
        users: engine.users.clone(),
        tls: engine.tls.clone(),
        traces,
        pages: crate::console::routes,
    };
    let entrance = HttpEntrance::open(options).await.map_err(Failure::failed)?;
    let (url, token) = (entrance.url(), entrance.token().expose());
    // A log outlives the terminal and is read by others: there, the file with the token is named.
    match directory.filter(|_| !std::io::stderr().is_terminal()) {
        Some(directory) => {
            let file = directory.join(crate::director::http::TOKEN_FILE);
            say(&format!("{url}, token in {} (Ctrl-C stops)", file.display()));
        }
        None => say(&format!("{url}?token={token} (Ctrl-C stops)")),
    }
    Ok(Some(entrance))
}
