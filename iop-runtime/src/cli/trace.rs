//! A session from its input to its last response, with the log lines of each message beside it.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::{SettingsArguments, TraceArguments, TraceForm};
use super::exit::{Exit, Failure};
use super::messages::status;
use super::read::{event_line, unreadable};
use super::{Program, say, wait_for};
use crate::clock::{Clock, SystemClock};
use crate::console;
use crate::director::view::{self, EventView, MessageView, SessionTrace, Sight, TraceExtent};
use crate::events::{Look, escaped};
use crate::message::{Invocation, Kind, MessageId, SessionId, Status};
use crate::store::{Event, Viewer};

impl Program {
    /// `trace`.
    pub(crate) fn trace(
        self,
        settings: &SettingsArguments,
        arguments: &TraceArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        let sight = sight(arguments.output, arguments.reveal);
        let trace = wait_for(source.trace(arguments.session, sight))?;
        let trace = trace.ok_or_else(|| Failure::found_nothing("no such session and no such message"))?;
        if trace.more {
            say("the session has more messages than are shown");
        }
        self.write_trace(&trace, arguments.output, out)?;
        Ok(Exit::Done)
    }

    pub(crate) fn write_trace(self, trace: &SessionTrace, form: TraceForm, out: &mut dyn Write) -> Result<(), Failure> {
        match form {
            TraceForm::Tree => tree(trace, out)?,
            TraceForm::Mermaid => mermaid(trace, out)?,
            TraceForm::Svg => writeln!(out, "{}", console::trace_picture(trace, self.graph, SystemClock.now()))?,
            TraceForm::Json => {
                serde_json::to_writer_pretty(&mut *out, trace)?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

/// What a form of a trace shows of bodies.
pub(crate) fn sight(form: TraceForm, reveal: bool) -> Sight {
    match (form, reveal) {
        (TraceForm::Json, false) => Sight::Masked,
        (TraceForm::Json, true) => Sight::Open,
        (TraceForm::Tree | TraceForm::Mermaid | TraceForm::Svg, _) => Sight::Withheld,
    }
}

/// A session; `None` where nothing is in it.
pub(crate) async fn of(viewer: &dyn Viewer, session: SessionId, sight: Sight) -> Result<Option<SessionTrace>, Failure> {
    view::trace(viewer, session, TraceExtent::whole(sight)).await.map_err(unreadable)
}

/// A sequence diagram for whatever draws Mermaid: who takes part is declared in the order of appearance.
fn mermaid(trace: &SessionTrace, out: &mut dyn Write) -> Result<(), Failure> {
    let ends = |message: &'_ MessageView| [party(message.source.as_ref()), party(message.target.as_ref())];
    let named: Vec<[Arc<str>; 2]> = trace.messages.iter().map(|traced| ends(&traced.message)).collect();
    let mut parties: Vec<&Arc<str>> = Vec::new();
    for party in named.iter().flatten() {
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    writeln!(out, "sequenceDiagram")?;
    for (index, party) in parties.iter().enumerate() {
        writeln!(out, "    participant p{index} as {}", mermaid_text(party))?;
    }
    let index = |party: &str| parties.iter().position(|known| &***known == party).unwrap_or_default();
    for (traced, [from, to]) in trace.messages.iter().zip(&named) {
        let message = &traced.message;
        let arrow = match (message.kind, message.status) {
            (_, Status::Suspended | Status::Discarded | Status::Expired) => "-x",
            (Kind::Response, _) => "-->>",
            (_, _) if message.invocation == Invocation::Sync => "->>",
            _ => "-)",
        };
        let label = mermaid_text(&format!("{} ({})", message.type_name, status(message)));
        writeln!(out, "    p{}{arrow}p{}: {label}", index(from), index(to))?;
        if let Some(error) = &message.error {
            writeln!(out, "    Note over p{}: {}", index(to), mermaid_text(error))?;
        }
    }
    Ok(())
}

fn party(name: Option<&Arc<str>>) -> Arc<str> {
    name.map_or_else(|| Arc::from("(outside)"), Arc::clone)
}

/// A text that means nothing to Mermaid: everything but letters, digits and a few signs as its code.
fn mermaid_text(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '.' | ',' | '(' | ')') {
            written.push(letter);
        } else {
            written.push_str(&format!("#{};", u32::from(letter)));
        }
    }
    written
}

fn tree(trace: &SessionTrace, out: &mut dyn Write) -> Result<(), Failure> {
    let count = trace.messages.len();
    let plural = if count == 1 { "" } else { "s" };
    writeln!(out, "session {}: {count} message{plural}{}", trace.session, took(trace.took_micros))?;
    let known: HashSet<MessageId> = trace.messages.iter().map(|message| message.message.id).collect();
    let mut branch = Branch::default();
    for traced in &trace.messages {
        let parent = traced.message.parent.filter(|parent| known.contains(parent));
        branch.children.entry(parent).or_default().push(&traced.message);
        branch.events.insert(traced.message.id, &traced.events);
    }
    for event in trace.events.iter().filter(|event| event.message.is_none()) {
        writeln!(out, "  {}", line_beside(event))?;
    }
    for root in branch.children.get(&None).into_iter().flatten() {
        branch.write(root, "", "", out)?;
    }
    Ok(())
}

/// The messages and events of a session.
#[derive(Default)]
struct Branch<'a> {
    children: HashMap<Option<MessageId>, Vec<&'a MessageView>>,
    events: HashMap<MessageId, &'a [EventView]>,
}

impl Branch<'_> {
    /// A message behind `first`, everything below it behind `then`.
    fn write(&self, header: &MessageView, first: &str, then: &str, out: &mut dyn Write) -> Result<(), Failure> {
        writeln!(out, "{first}{}", message_line(header))?;
        let children = self.children.get(&Some(header.id)).map(Vec::as_slice).unwrap_or_default();
        let beside = if children.is_empty() { format!("{then}   ") } else { format!("{then}│  ") };
        if let Some(error) = &header.error {
            writeln!(out, "{beside}error: {}", escaped(error))?;
        }
        for event in self.events.get(&header.id).copied().unwrap_or_default() {
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
fn line_beside(event: &EventView) -> String {
    let event = Event { session: None, message: None, ..Event::from(event.clone()) };
    event_line(&event, Look::Plain)
}

/// `Hello  clock -> greeter  completed (a note)  waited 1 ms, ran 3 ms  0192…`
fn message_line(header: &MessageView) -> String {
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
    if let Some(waited) = header.waited_micros {
        line = format!("{line}  waited {}", milliseconds(waited));
    }
    if let Some(ran) = header.ran_micros {
        line = format!("{line}, ran {}", milliseconds(ran));
    }
    format!("{line}  {}", header.id)
}

fn took(span: Option<u64>) -> String {
    span.map(|span| format!(" in {}", milliseconds(span))).unwrap_or_default()
}

fn milliseconds(micros: u64) -> String {
    let duration = Duration::from_micros(micros);
    if duration < Duration::from_millis(10) {
        format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
    } else if duration < Duration::from_secs(10) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
