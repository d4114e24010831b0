//! The `tracing` layer: from an event and the span of its turn to a [`store::Event`](crate::store::Event).

use std::fmt::{self, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::stored;
use super::terminal::Terminal;
use crate::clock::{Clock, SystemClock};
use crate::message::{MessageId, SessionId};
use crate::store::{Event, Level};

/// Stores what is said in turns in the event logs of their productions, and shows it on the terminal if it is to.
#[derive(Debug, Default)]
pub struct EventLayer {
    terminal: Option<Terminal>,
}

impl EventLayer {
    /// Stores only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores, and shows on stderr.
    #[must_use]
    pub fn with_terminal() -> Self {
        Self { terminal: Some(Terminal::stderr()) }
    }
}

/// Whether a span is one of the engine's, which say for which production and item something is done.
pub(super) fn says_which_run(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.fields().field("run").is_some()
}

/// What the span of a turn says of it.
#[derive(Debug, Clone, Default)]
struct TurnFields {
    run: Option<u64>,
    item: Option<Arc<str>>,
    session: Option<SessionId>,
    message: Option<MessageId>,
}

impl Visit for TurnFields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "run" {
            self.run = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "item" => self.item = Some(Arc::from(value)),
            "session" => self.session = value.parse().ok(),
            "message" => self.message = value.parse().ok(),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// What an event says: its message, then its other fields as `name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn field(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = match field.name() {
            "message" => self.message.write_fmt(value),
            name => write!(self.fields, " {name}={value}"),
        };
    }

    fn joined(mut self) -> String {
        if self.message.is_empty() {
            return self.fields.trim_start().to_owned();
        }
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.field(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, format_args!("{value:?}"));
    }
}

impl<S> Layer<S> for EventLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, cx: Context<'_, S>) {
        if !says_which_run(attributes.metadata()) {
            return;
        }
        let mut fields = TurnFields::default();
        attributes.record(&mut fields);
        if let Some(span) = cx.span(id) {
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<TurnFields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, cx: Context<'_, S>) {
        let turn = cx
            .event_scope(event)
            .and_then(|mut scope| scope.find_map(|span| span.extensions().get::<TurnFields>().cloned()))
            .unwrap_or_default();
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let said = Event {
            number: 0,
            time: SystemClock.now(),
            level: level(*metadata.level()),
            item: turn.item,
            session: turn.session,
            message: turn.message,
            module: metadata.module_path().unwrap_or_else(|| metadata.target()).to_owned(),
            text: text.joined(),
        };
        if let Some(terminal) = &self.terminal {
            terminal.show(&said);
        }
        if let Some(run) = turn.run {
            stored::keep(run, said);
        }
    }
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::TRACE => Level::Trace,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::INFO => Level::Info,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::ERROR => Level::Error,
    }
}
