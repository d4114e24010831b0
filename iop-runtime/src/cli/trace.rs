//! A session from its input to its last response, with the log lines of each message beside it.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::time::Duration;

use super::arguments::{SettingsArguments, TraceArguments, TraceForm};
use super::exit::{Exit, Failure};
use super::read::{event_line, status, unreadable};
use super::{Program, wait_for};
use crate::director::view::{self, EventView, MessageView, SessionTrace, Sight, TraceExtent};
use crate::events::escaped;
use crate::message::{Kind, MessageId, SessionId};
use crate::store::{Event, Viewer};

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
            let extent = extent(arguments.output, arguments.reveal);
            match of(&*viewer, SessionId::of(arguments.session), extent).await? {
                Some(trace) => Ok(Some(trace)),
                None => match view::trace_of(&*viewer, arguments.session).await.map_err(unreadable)? {
                    Some(session) => of(&*viewer, session, extent).await,
                    None => Ok(None),
                },
            }
        })?;
        let trace = trace.ok_or_else(|| Failure::found_nothing("no such session and no such message"))?;
        write(&trace, arguments.output, out)?;
        Ok(Exit::Done)
    }
}

/// What a form of a trace needs of its session.
pub(crate) fn extent(form: TraceForm, reveal: bool) -> TraceExtent {
    TraceExtent::whole(match (form, reveal) {
        (TraceForm::Tree, _) => Sight::Withheld,
        (TraceForm::Json, false) => Sight::Masked,
        (TraceForm::Json, true) => Sight::Open,
    })
}

/// A session; `None` where nothing is in it.
pub(crate) async fn of(
    viewer: &dyn Viewer,
    session: SessionId,
    extent: TraceExtent,
) -> Result<Option<SessionTrace>, Failure> {
    view::trace(viewer, session, extent).await.map_err(unreadable)
}

pub(crate) fn write(trace: &SessionTrace, form: TraceForm, out: &mut dyn Write) -> Result<(), Failure> {
    match form {
        TraceForm::Tree => tree(trace, out)?,
        TraceForm::Json => {
            serde_json::to_writer_pretty(&mut *out, trace)?;
            writeln!(out)?;
        }
    }
    Ok(())
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
    event_line(&event)
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
