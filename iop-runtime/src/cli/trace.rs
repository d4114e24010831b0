//! A session from its input to its last response, with the log lines of each message beside it.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::arguments::{SettingsArguments, TraceArguments, TraceForm};
use super::document::{self, EventDocument, MessageDocument};
use super::exit::{Exit, Failure};
use super::read::{event_line, status, unreadable};
use super::{Program, linked, wait_for};
use crate::events::escaped;
use crate::message::{Header, Kind, MessageId, SessionId, Status};
use crate::store::{Event, EventQuery, MessageQuery, Viewer};

/// How much is asked of the store at once.
const PAGE: usize = 500;

impl Program {
    /// `trace`.
    pub(crate) fn trace(
        self,
        settings: &SettingsArguments,
        arguments: &TraceArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let viewer = self.viewer(settings)?;
        let trace = wait_for(async {
            let form = arguments.output;
            match Trace::of(&*viewer, SessionId::of(arguments.session), form).await? {
                Some(trace) => Ok(Some(trace)),
                None => match viewer.find(arguments.session).await.map_err(unreadable)? {
                    Some(message) => Trace::of(&*viewer, message.header.session, form).await,
                    None => Ok(None),
                },
            }
        })?;
        let trace = trace.ok_or_else(|| Failure::found_nothing("no such session and no such message"))?;
        trace.revealing(arguments.reveal).write(arguments.output, out)?;
        Ok(Exit::Done)
    }
}

/// Everything of a session.
#[derive(Debug)]
pub(crate) struct Trace {
    session: SessionId,
    /// In the order of acceptance.
    messages: Vec<Traced>,
    /// In the order of time.
    events: Vec<Event>,
    /// Sensitive values are shown.
    reveal: bool,
}

/// A message of a session.
#[derive(Debug)]
struct Traced {
    header: Header,
    /// Read only where it is shown.
    body: Option<Bytes>,
}

impl Trace {
    /// Reads what a form of a session's trace needs; `None` where nothing is in the session.
    pub(crate) async fn of(viewer: &dyn Viewer, session: SessionId, form: TraceForm) -> Result<Option<Self>, Failure> {
        let headers = headers(viewer, session).await?;
        if headers.is_empty() {
            return Ok(None);
        }
        let mut messages = Vec::with_capacity(headers.len());
        for header in headers {
            let body = match form {
                TraceForm::Tree => None,
                // Purged meanwhile: then there is no body to show any more.
                TraceForm::Json => viewer.find(header.id).await.map_err(unreadable)?.map(|message| message.body),
            };
            messages.push(Traced { header, body });
        }
        Ok(Some(Self { session, messages, events: events(viewer, session).await?, reveal: false }))
    }

    /// Shows sensitive values, or not.
    pub(crate) fn revealing(self, reveal: bool) -> Self {
        Self { reveal, ..self }
    }

    /// The name and version of the type of the response to the input.
    pub(crate) fn response_type(&self) -> Option<(&str, u32)> {
        let input = Some(self.session.input());
        let mut headers = self.messages.iter().map(|message| &message.header);
        let response = headers.find(|header| header.kind == Kind::Response && header.parent == input)?;
        Some((&response.type_name, response.type_version))
    }

    /// Nothing of it is under way: what is left waits for a person or for its next attempt.
    pub(crate) fn is_settled(&self) -> bool {
        let under_way = |message: &Traced| matches!(message.header.status, Status::Queued | Status::InFlight);
        !self.messages.iter().any(under_way)
    }

    pub(crate) fn write(&self, form: TraceForm, out: &mut dyn Write) -> Result<(), Failure> {
        match form {
            TraceForm::Tree => self.tree(out)?,
            TraceForm::Json => {
                serde_json::to_writer_pretty(&mut *out, &self.document()?)?;
                writeln!(out)?;
            }
        }
        Ok(())
    }

    pub(crate) fn document(&self) -> Result<TraceDocument, Failure> {
        let registry = linked()?;
        let mut of_message = self.events_by_message();
        let messages = self.messages.iter().map(|message| {
            let header = &message.header;
            let mut document = MessageDocument::of(header);
            document.body = message
                .body
                .as_ref()
                .map(|body| document::body(&registry, &header.type_name, header.type_version, body, self.reveal));
            let events = of_message.remove(&Some(header.id)).unwrap_or_default();
            document.events = Some(events.into_iter().map(EventDocument::from).collect());
            document
        });
        let messages = messages.collect();
        let mut events: Vec<_> = of_message.into_values().flatten().collect();
        events.sort_by_key(|event| event.number);
        let events = events.into_iter().map(EventDocument::from).collect();
        Ok(TraceDocument { session: self.session, messages, events })
    }

    fn events_by_message(&self) -> HashMap<Option<MessageId>, Vec<&Event>> {
        let mut by_message = HashMap::<_, Vec<_>>::new();
        for event in &self.events {
            by_message.entry(event.message).or_default().push(event);
        }
        by_message
    }

    fn tree(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let count = self.messages.len();
        let plural = if count == 1 { "" } else { "s" };
        writeln!(out, "session {}: {count} message{plural}{}", self.session, took(self.span()))?;
        let mut events = self.events_by_message();
        let known: HashSet<MessageId> = self.messages.iter().map(|message| message.header.id).collect();
        let mut children = HashMap::<Option<MessageId>, Vec<&Header>>::new();
        for message in &self.messages {
            let parent = message.header.parent.filter(|parent| known.contains(parent));
            children.entry(parent).or_default().push(&message.header);
        }
        for event in events.remove(&None).unwrap_or_default() {
            writeln!(out, "  {}", line_beside(event))?;
        }
        for root in children.get(&None).into_iter().flatten() {
            Branch { children: &children, events: &events }.write(root, "", "", out)?;
        }
        Ok(())
    }

    /// From the first acceptance to the last end.
    fn span(&self) -> Option<Duration> {
        let first = self.messages.iter().map(|message| message.header.created).min()?;
        let last = self.messages.iter().filter_map(|message| message.header.ended).max()?;
        Some(last.since(first))
    }
}

/// The messages and events of a session.
#[derive(Debug, Serialize)]
pub(crate) struct TraceDocument {
    session: SessionId,
    messages: Vec<MessageDocument>,
    /// Those of no message in the session.
    events: Vec<EventDocument>,
}

struct Branch<'a> {
    children: &'a HashMap<Option<MessageId>, Vec<&'a Header>>,
    events: &'a HashMap<Option<MessageId>, Vec<&'a Event>>,
}

impl Branch<'_> {
    /// A message behind `first`, everything below it behind `then`.
    fn write(&self, header: &Header, first: &str, then: &str, out: &mut dyn Write) -> Result<(), Failure> {
        writeln!(out, "{first}{}", message_line(header))?;
        let children = self.children.get(&Some(header.id)).map(Vec::as_slice).unwrap_or_default();
        let beside = if children.is_empty() { format!("{then}   ") } else { format!("{then}│  ") };
        if let Some(error) = &header.error {
            writeln!(out, "{beside}error: {}", escaped(error))?;
        }
        for event in self.events.get(&Some(header.id)).into_iter().flatten() {
            writeln!(out, "{beside}{}", line_beside(event))?;
        }
        for (index, child) in children.iter().enumerate() {
            let (first, below) = if index + 1 == children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.write(child, &format!("{then}{first}"), &format!("{then}{below}"), out)?;
        }
        Ok(())
    }
}

/// A log line beside the message whose turn it was said in: what the message says is not said again.
fn line_beside(event: &Event) -> String {
    let event = Event { session: None, message: None, ..event.clone() };
    event_line(&event)
}

/// `Hello  clock -> greeter  completed (a note)  waited 1 ms, ran 3 ms  0192…`
fn message_line(header: &Header) -> String {
    let outside = "(outside)";
    let source = escaped(header.source.as_deref().unwrap_or(outside));
    let target = escaped(header.target.as_deref().unwrap_or(outside));
    let type_name = escaped(&header.type_name);
    let kind = match header.kind {
        Kind::Response => "response ",
        Kind::Timer => "timer ",
        _ => "",
    };
    let mut line = format!("{kind}{type_name}  {source} -> {target}  {}", status(header));
    if let Some(description) = &header.description {
        line = format!("{line} ({})", escaped(description));
    }
    if header.attempt > 0 {
        let plural = if header.attempt == 1 { "" } else { "s" };
        line = format!("{line}, {} failed attempt{plural}", header.attempt);
    }
    if let Some(started) = header.started {
        line = format!("{line}  waited {}", milliseconds(started.since(header.created)));
        if let Some(ended) = header.ended {
            line = format!("{line}, ran {}", milliseconds(ended.since(started)));
        }
    }
    format!("{line}  {}", header.id)
}

fn took(span: Option<Duration>) -> String {
    span.map(|span| format!(" in {}", milliseconds(span))).unwrap_or_default()
}

fn milliseconds(duration: Duration) -> String {
    if duration < Duration::from_millis(10) {
        format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
    } else if duration < Duration::from_secs(10) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

async fn headers(viewer: &dyn Viewer, session: SessionId) -> Result<Vec<Header>, Failure> {
    let mut all: Vec<Header> = Vec::new();
    loop {
        let query = MessageQuery {
            session: Some(session),
            after: all.last().map(|header| header.sequence),
            limit: PAGE,
            oldest_first: true,
            ..MessageQuery::default()
        };
        let page = viewer.query(query).await.map_err(unreadable)?;
        let last = page.len() < PAGE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

async fn events(viewer: &dyn Viewer, session: SessionId) -> Result<Vec<Event>, Failure> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let query = EventQuery {
            session: Some(session),
            after: all.last().map(|event| event.number),
            limit: PAGE,
            oldest_first: true,
            ..EventQuery::default()
        };
        let page = viewer.events(query).await.map_err(unreadable)?;
        let last = page.len() < PAGE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}
