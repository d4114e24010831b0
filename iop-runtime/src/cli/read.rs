//! What a store says in its event log. Only read, and so possible while the production runs.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::{LogArguments, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::source::Source;
use super::table::{Rows, write_list};
use super::{Program, terminal, wait_for};
use crate::director::view::EventView;
use crate::events::{Look, line};
use crate::settings::StoreChoice;
use crate::store::{Event, EventQuery, StoreError, Viewer};

/// Between two looks at a log that is followed.
const LOOK: Duration = Duration::from_millis(250);

/// Lines that are asked for at once.
const PAGE: usize = 1000;

impl Program {
    /// The store of the production, to be read.
    pub(crate) fn viewer(self, arguments: &SettingsArguments) -> Result<Arc<dyn Viewer>, Failure> {
        match self.engine_settings(arguments)?.store {
            StoreChoice::Memory => Err(Failure::new(
                Exit::NotRunning,
                "this production keeps its messages in the memory of its process; there is nothing to read from here",
            )),
            StoreChoice::Sqlite(directory) => super::store::open_viewer(&directory),
        }
    }

    /// `log`.
    pub(crate) fn log(
        self,
        settings: &SettingsArguments,
        arguments: &LogArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        let look = terminal::look(settings.color);
        wait_for(async {
            let (events, newest) = last_lines(&source, arguments).await?;
            write_events(arguments.output, &events, look, out)?;
            if arguments.follow {
                return follow(&source, arguments, newest, look, out).await;
            }
            if events.is_empty() { Err(Failure::found_nothing("no such line in the log")) } else { Ok(Exit::Done) }
        })
    }
}

fn query(arguments: &LogArguments) -> EventQuery {
    EventQuery {
        level: arguments.level,
        item: arguments.item.as_deref().map(Arc::from),
        session: arguments.session,
        ..EventQuery::default()
    }
}

/// Whether a line has the text that was asked for, whatever the case of its letters.
fn has(event: &EventView, arguments: &LogArguments) -> bool {
    arguments.grep.as_deref().is_none_or(|text| event.text.to_lowercase().contains(&text.to_lowercase()))
}

/// The last lines in the order in which they were said, and the number of the newest of the log.
async fn last_lines(source: &Source, arguments: &LogArguments) -> Result<(Vec<EventView>, u64), Failure> {
    // Before the lines are read: what is said meanwhile is shown by who follows, not lost between the two.
    let newest = source.events(EventQuery { limit: 1, ..EventQuery::default() }).await?;
    let newest = newest.events.first().map_or(0, |event| event.number);
    let (mut events, mut after) = (Vec::new(), None);
    while events.len() < arguments.number {
        let limit = if arguments.grep.is_some() { PAGE } else { (arguments.number - events.len()).min(PAGE) };
        let page = source.events(EventQuery { after, limit, ..query(arguments) }).await?;
        let fitting = page.events.into_iter().filter(|event| has(event, arguments));
        events.extend(fitting.filter(|event| !arguments.follow || event.number <= newest));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    events.truncate(arguments.number);
    events.reverse();
    Ok((events, newest))
}

/// Shows what is said from now on, until somebody interrupts.
async fn follow(
    source: &Source,
    arguments: &LogArguments,
    newest: u64,
    look: Look,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut after = newest;
    loop {
        out.flush()?;
        let asked = EventQuery { after: Some(after), limit: PAGE, oldest_first: true, ..query(arguments) };
        let page = source.events(asked).await?;
        if let Some(last) = page.events.last() {
            after = last.number;
        }
        let fitting: Vec<_> = page.events.into_iter().filter(|event| has(event, arguments)).collect();
        write_events(arguments.output, &fitting, look, out)?;
        if page.next.is_none() {
            out.flush()?;
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn write_events(form: Form, events: &[EventView], look: Look, out: &mut dyn Write) -> Result<(), Failure> {
    if form == Form::Table {
        for event in events {
            writeln!(out, "{}", event_line(&Event::from(event.clone()), look))?;
        }
        return Ok(());
    }
    write_list(form, events, event_table, out)
}

pub(crate) fn unreadable(error: StoreError) -> Failure {
    Failure::failed(error)
}

/// `2026-11-24T09:41:17.123Z INFO  greeter: hello world  session=… message=…`
pub(crate) fn event_line(event: &Event, look: Look) -> String {
    line(event, &event.time.to_string(), look)
}

fn event_table(events: &[EventView]) -> Rows {
    let mut rows = Rows::new(["number", "time", "level", "item", "text", "session", "message", "module"]);
    for event in events {
        rows.push([
            event.number.to_string(),
            event.time.to_string(),
            event.level.as_str().to_owned(),
            event.item.as_deref().unwrap_or_default().to_owned(),
            event.text.clone(),
            event.session.map(|session| session.to_string()).unwrap_or_default(),
            event.message.map(|message| message.to_string()).unwrap_or_default(),
            event.module.clone(),
        ]);
    }
    rows
}
