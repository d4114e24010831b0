//! `messages`: finds stored messages by a query, and shows one with everything that is known of it.

use std::io::Write;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{Output, Rows as Form, SettingsArguments, Table};
use super::exit::{Exit, Failure};
use super::read::event_line;
use super::searches::saved;
use super::source::{Source, parsed};
use super::table::{Rows, write_list};
use super::{Program, wait_for};
use crate::director::view::{KeyView, MessageDetail, MessageView, Shown, Sight};
use crate::director::{PageOf, SearchPage};
use crate::events::{Look, escaped};
use crate::message::MessageId;
use crate::search::Query;
use crate::store::Event;

/// Messages that are asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum MessagesCommand {
    /// Lists the messages that a query finds, the newest first: 'status:error item:billing key.order_id:ORD-1 since:1h'.
    Find(FindArguments),
    /// Shows a message with everything that is known of it.
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct FindArguments {
    /// What is looked for, in quotes; everything, where it is left out.
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) query: Option<String>,
    /// What is kept under this name (`searches`); with a query, what both find.
    #[arg(long, value_name = "NAME")]
    pub(crate) saved: Option<String>,
    /// At most so many.
    #[arg(short = 'n', long, default_value_t = 100, value_name = "COUNT")]
    pub(crate) limit: usize,
    /// In the order of acceptance.
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// Only says how many there are, however many that is.
    #[arg(long, conflicts_with_all = ["limit", "output"])]
    pub(crate) count: bool,
    #[command(flatten)]
    pub(crate) output: Output<Form>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The message.
    pub(crate) id: MessageId,
    /// With its body.
    #[arg(long)]
    pub(crate) body: bool,
    /// With its body, and the values of `#[sensitive]` fields in it.
    #[arg(long)]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) output: Output<Table>,
}

impl Program {
    /// `messages …`.
    pub(crate) fn messages(
        self,
        settings: &SettingsArguments,
        command: &MessagesCommand,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        match command {
            MessagesCommand::Find(arguments) => self.find(settings, arguments, out),
            MessagesCommand::Show(arguments) => self.show(settings, arguments, out),
        }
    }

    pub(crate) fn find(
        self,
        settings: &SettingsArguments,
        arguments: &FindArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let mut query = parsed(arguments.query.as_deref().unwrap_or_default())?;
        let source = self.source(settings)?;
        if let Some(name) = &arguments.saved {
            query.terms.extend(wait_for(saved(&source, name))?.terms);
        }
        if arguments.count {
            writeln!(out, "{}", wait_for(counted(&source, &query))?)?;
            return Ok(Exit::Done);
        }
        let messages = wait_for(found(&source, &query, arguments.limit.max(1), arguments.oldest_first))?;
        let nothing = messages.is_empty();
        if !nothing || arguments.output.output != Form::Table {
            write_list(arguments.output.output, &messages, message_table, out)?;
        }
        if nothing { Err(Failure::found_nothing("no such message")) } else { Ok(Exit::Done) }
    }

    fn show(
        self,
        settings: &SettingsArguments,
        arguments: &ShowArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        let sight = match arguments {
            ShowArguments { reveal: true, .. } => Sight::Open,
            ShowArguments { body: true, .. } => Sight::Masked,
            _ => Sight::Withheld,
        };
        let found = wait_for(source.message(arguments.id, sight))?;
        let found = found.ok_or_else(|| Failure::found_nothing(format!("there is no message {}", arguments.id)))?;
        if arguments.output.output == Table::Json {
            serde_json::to_writer_pretty(&mut *out, &found)?;
            writeln!(out)?;
        } else {
            detail(&found, sight != Sight::Withheld, out)?;
        }
        Ok(Exit::Done)
    }
}

/// A message that was found.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    message: MessageView,
    /// What it is found by, but for what is hashed.
    keys: Vec<KeyView>,
}

/// What a query finds, page by page.
async fn found(source: &Source, query: &Query, limit: usize, oldest_first: bool) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = PageOf { after, limit: (limit - found.len()).min(PAGE), oldest_first };
        let SearchPage { messages, mut keys, next, .. } = source.search(query, page).await?;
        found.extend(
            messages.into_iter().map(|message| Listed { keys: keys.remove(&message.id).unwrap_or_default(), message }),
        );
        after = next;
        if after.is_none() || found.len() >= limit {
            return Ok(found);
        }
    }
}

/// How many a query finds: they are counted page by page, and not kept.
async fn counted(source: &Source, query: &Query) -> Result<u64, Failure> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = source.search(query, PageOf { after, limit: PAGE, oldest_first: false }).await?;
        count += page.messages.len() as u64;
        after = page.next;
        if after.is_none() {
            return Ok(count);
        }
    }
}

fn message_table(messages: &[Listed]) -> Rows {
    let mut rows = Rows::new(["created", "type", "from", "to", "status", "message", "session", "error"]);
    for Listed { message: header, .. } in messages {
        rows.push([
            header.created.to_string(),
            header.type_name.to_string(),
            item(header.source.as_ref()),
            item(header.target.as_ref()),
            status(header),
            header.id.to_string(),
            header.session.to_string(),
            header.error.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    rows
}

fn item(name: Option<&Arc<str>>) -> String {
    name.map_or("(outside)", |name| &**name).to_owned()
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

fn detail(found: &MessageDetail, with_body: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let message = &found.message;
    let mut line = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "{name:<12}{}", escaped(&value)),
        None => Ok(()),
    };
    line("message", Some(message.id.to_string()))?;
    line("session", Some(message.session.to_string()))?;
    line("type", Some(format!("{} (version {})", message.type_name, message.version)))?;
    line("way", Some(format!("{} -> {}", item(message.source.as_ref()), item(message.target.as_ref()))))?;
    line("status", Some(status(message)))?;
    line("created", Some(message.created.to_string()))?;
    line("started", message.started.map(|time| time.to_string()))?;
    line("ended", message.ended.map(|time| time.to_string()))?;
    line("due", message.due.map(|time| time.to_string()))?;
    line("attempts", (message.attempt > 0).then(|| format!("{} failed", message.attempt)))?;
    line("error", message.error.as_deref().map(str::to_owned))?;
    line("note", message.description.as_deref().map(str::to_owned))?;
    line("parent", message.parent.map(|id| id.to_string()))?;
    for key in &found.keys {
        line("key", Some(format!("{} = {}", key.name, key.value)))?;
    }
    line("resent from", found.resent_from.map(|id| id.to_string()))?;
    for resent in &found.resent_as {
        line("resent as", Some(format!("{} ({})", resent.id, status(resent))))?;
    }
    line("response", found.response.as_ref().map(|answer| answer.message.id.to_string()))?;
    if with_body {
        writeln!(out)?;
        if found.body.shown == Shown::Withheld {
            writeln!(out, "the body is not shown to your role")?;
        } else {
            serde_json::to_writer_pretty(&mut *out, &found.body.value)?;
            writeln!(out)?;
        }
    }
    if !found.events.is_empty() {
        writeln!(out)?;
    }
    for event in &found.events {
        let event = Event { session: None, message: None, ..Event::from(event.clone()) };
        writeln!(out, "{}", event_line(&event, Look::Plain))?;
    }
    Ok(())
}
