//! What a store says: messages, queues, the event log. Only read, and so possible while the production runs.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::arguments::{LogArguments, MessagesArguments, Rows as Form, SettingsArguments, Table};
use super::exit::{Exit, Failure};
use super::table::Rows;
use super::{Program, wait_for};
use crate::director::view::{self, MessageView};
use crate::events::{Look, line};
use crate::settings::StoreChoice;
use crate::store::{Event, EventQuery, MessageQuery, StoreError, Viewer};

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

    /// `messages`.
    pub(crate) fn messages(
        self,
        settings: &SettingsArguments,
        arguments: MessagesArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let viewer = self.viewer(settings)?;
        let query = MessageQuery {
            session: arguments.session,
            item: arguments.item.map(Arc::from),
            type_name: arguments.type_name.map(Arc::from),
            status: arguments.status,
            key: arguments.key.map(|(name, value)| (Arc::from(name), Arc::from(value))),
            since: arguments.since,
            limit: arguments.limit.max(1),
            ..MessageQuery::default()
        };
        let messages = wait_for(async { view::messages(&*viewer, query).await.map_err(unreadable) })?.messages;
        if messages.is_empty() && arguments.output != Form::Table {
            write_documents(arguments.output, &messages, out)?;
        }
        if messages.is_empty() {
            return Err(Failure::found_nothing("no such message"));
        }
        if arguments.output == Form::Table {
            message_table(&messages).write(out)?;
        } else {
            write_documents(arguments.output, &messages, out)?;
        }
        Ok(Exit::Done)
    }

    /// `queues`.
    pub(crate) fn queues(
        self,
        settings: &SettingsArguments,
        output: Table,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let viewer = self.viewer(settings)?;
        let queues = wait_for(async { view::queues(&*viewer, self.graph).await.map_err(unreadable) })?;
        if output == Table::Json {
            serde_json::to_writer_pretty(&mut *out, &queues)?;
            writeln!(out)?;
            return Ok(Exit::Done);
        }
        let mut rows = Rows::new(["item", "queued", "in_flight", "retrying", "suspended", "oldest"]);
        for queue in queues {
            rows.push([
                queue.item.to_string(),
                queue.queued.to_string(),
                queue.in_flight.to_string(),
                queue.retrying.to_string(),
                queue.suspended.to_string(),
                queue.oldest.map(|time| time.to_string()).unwrap_or_default(),
            ]);
        }
        rows.write(out)?;
        Ok(Exit::Done)
    }

    /// `log`.
    pub(crate) fn log(
        self,
        settings: &SettingsArguments,
        arguments: LogArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let viewer = self.viewer(settings)?;
        let query = EventQuery {
            level: arguments.level,
            item: arguments.item.map(Arc::from),
            session: arguments.session,
            limit: arguments.number.max(1),
            ..EventQuery::default()
        };
        let mut events = wait_for(async { view::events(&*viewer, query).await.map_err(unreadable) })?.events;
        // The last lines, in the order in which they were said.
        events.reverse();
        if arguments.output == Form::Table {
            for event in &events {
                writeln!(out, "{}", event_line(&Event::from(event.clone())))?;
            }
        } else {
            write_documents(arguments.output, &events, out)?;
        }
        if events.is_empty() { Err(Failure::found_nothing("no such line in the log")) } else { Ok(Exit::Done) }
    }
}

pub(crate) fn unreadable(error: StoreError) -> Failure {
    Failure::failed(error)
}

/// `2026-11-24T09:41:17.123Z INFO  greeter: hello world  session=… message=…`
pub(crate) fn event_line(event: &Event) -> String {
    line(event, &event.time.to_string(), Look::Plain)
}

fn message_table(messages: &[MessageView]) -> Rows {
    let mut rows = Rows::new(["created", "type", "from", "to", "status", "message", "session", "error"]);
    let item = |name: &Option<Arc<str>>| name.as_deref().unwrap_or("(outside)").to_owned();
    for header in messages {
        rows.push([
            header.created.to_string(),
            header.type_name.to_string(),
            item(&header.source),
            item(&header.target),
            status(header),
            header.id.to_string(),
            header.session.to_string(),
            header.error.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    rows
}

/// `completed`, `suspended (poison)`, `completed, late`.
pub(crate) fn status(header: &MessageView) -> String {
    let mut text = header.status.to_string();
    if let Some(reason) = header.reason {
        text = format!("{text} ({reason})");
    }
    if header.late {
        text.push_str(", late");
    }
    text
}

fn write_documents<T: Serialize>(form: Form, documents: &[T], out: &mut dyn Write) -> Result<(), Failure> {
    if form == Form::Jsonl {
        for document in documents {
            serde_json::to_writer(&mut *out, document)?;
            writeln!(out)?;
        }
        return Ok(());
    }
    serde_json::to_writer_pretty(&mut *out, documents)?;
    writeln!(out)?;
    Ok(())
}
