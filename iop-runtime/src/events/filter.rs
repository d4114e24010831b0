//! Which events are kept: `EnvFilter`, with the spans that say in whose turn something is said always on.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber, span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer};

use super::layer::says_which_run;
use crate::settings::{LogFilter, Raw, Setting};

/// Filters events as `EnvFilter` does. Without its exception, `warn` would turn off the spans that say in whose turn a
/// warning was given.
#[derive(Debug)]
pub(crate) struct KeepSpans(EnvFilter);

/// Reads a filter.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse_filter(text: &str) -> Result<KeepSpans, String> {
    let LogFilter(text) = LogFilter::from_raw(&Raw::from(text))?;
    EnvFilter::builder().parse(text).map(KeepSpans).map_err(|error| error.to_string())
}

impl<S: Subscriber> Layer<S> for KeepSpans
where
    EnvFilter: Layer<S>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = Layer::<S>::register_callsite(&self.0, metadata);
        if says_which_run(metadata) { Interest::always() } else { interest }
    }

    fn enabled(&self, metadata: &Metadata<'_>, cx: Context<'_, S>) -> bool {
        says_which_run(metadata) || Layer::<S>::enabled(&self.0, metadata, cx)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&self.0).map(|level| level.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, cx: Context<'_, S>) {
        self.0.on_new_span(attributes, id, cx);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, cx: Context<'_, S>) {
        Layer::<S>::on_record(&self.0, id, values, cx);
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        self.0.on_event(event, cx);
    }

    fn on_enter(&self, id: &span::Id, cx: Context<'_, S>) {
        Layer::<S>::on_enter(&self.0, id, cx);
    }

    fn on_exit(&self, id: &span::Id, cx: Context<'_, S>) {
        Layer::<S>::on_exit(&self.0, id, cx);
    }

    fn on_close(&self, id: span::Id, cx: Context<'_, S>) {
        Layer::<S>::on_close(&self.0, id, cx);
    }
}
