//! Traces for OpenTelemetry: a session is a trace, a message a span of it, sent as OTLP in JSON to a collector.
//!
//! It reads what is in the store, beside the production, and nothing waits for it: what the collector does not take in time
//! is dropped and counted. Ids follow from those of session and message, so that whoever knows one finds the other.

mod follow;
mod send;
mod span;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::follow::Follower;
use self::send::{Refused, send};
use crate::clock::Clock;
use crate::settings::Collector;
use crate::store::Store;
use crate::traces::Traces;

/// Spans in one request.
const BATCH: usize = 512;
/// The first pause after a collector that did not take something; doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What the end of a production waits for the last spans.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// How traces are exported.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Where to.
    pub collector: Collector,
    /// The name of the production, as traces have it.
    pub service: &'static str,
    /// The pause between two looks at the store.
    pub every: Duration,
    /// Spans that wait for the collector, at most; more are dropped.
    pub most: usize,
}

impl ExportOptions {
    /// To this collector, every second, with at most 8,192 spans that wait.
    #[must_use]
    pub fn to(collector: Collector, service: &'static str) -> Self {
        Self { collector, service, every: Duration::from_secs(1), most: 8192 }
    }
}

/// Exports what is finished.
#[derive(Debug)]
pub struct Exporter {
    options: ExportOptions,
    follower: Follower,
    traces: Arc<Traces>,
    waiting: VecDeque<Value>,
    /// After a collector that did not take something: when it is asked again, and the pause after that.
    paused: Option<(Instant, Duration)>,
}

impl Exporter {
    /// Of what is finished in this store from now on.
    #[must_use]
    pub fn of(store: Arc<dyn Store>, clock: Arc<dyn Clock>, traces: Arc<Traces>, options: ExportOptions) -> Self {
        let follower = Follower::of(store, clock);
        Self { options, follower, traces, waiting: VecDeque::new(), paused: None }
    }

    /// Exports until `stop`, and then once more, for a moment.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.round().await;
            tokio::select! {
                () = tokio::time::sleep(self.options.every) => {}
                () = stop.cancelled() => {}
            }
        }
        let _ = tokio::time::timeout(LAST_GRACE, self.round()).await;
    }

    async fn round(&mut self) {
        match self.follower.finished().await {
            Ok(finished) => {
                self.traces.dropped(finished.missed);
                for (header, ended) in finished.headers {
                    let Some(parent) = self.traces.parent_of(header.session) else { continue };
                    if self.waiting.len() < self.options.most {
                        self.waiting.push_back(span::of(&header, ended, parent));
                    } else {
                        self.traces.dropped(1);
                    }
                }
            }
            // The engine hears of a failing store by itself; what was finished meanwhile is still there afterwards.
            Err(error) => tracing::debug!(%error, "The store could not be asked for what was finished."),
        }
        while !self.waiting.is_empty() && self.paused.is_none_or(|(until, _)| Instant::now() >= until) {
            self.send().await;
        }
    }

    async fn send(&mut self) {
        let count = self.waiting.len().min(BATCH);
        let batch = &self.waiting.make_contiguous()[..count];
        let request = span::request(self.options.service, batch);
        match send(&self.options.collector, request).await {
            Ok(rejected) => {
                self.waiting.drain(..count);
                self.traces.dropped(rejected);
                self.traces.exported((count as u64).saturating_sub(rejected));
                if self.paused.take().is_some() {
                    tracing::info!("The collector of traces takes spans again.");
                }
            }
            Err(Refused::Later(why)) => {
                let pause = match self.paused {
                    Some((_, pause)) => pause.saturating_mul(2).min(LONGEST_PAUSE),
                    None => {
                        tracing::warn!(
                            why,
                            "The collector of traces takes nothing; spans wait, and are dropped where too many do."
                        );
                        FIRST_PAUSE
                    }
                };
                self.paused = Some((Instant::now() + pause, pause));
            }
            Err(Refused::ForGood(why)) => {
                tracing::warn!(why, spans = count, "The collector of traces refused spans; they are dropped.");
                self.waiting.drain(..count);
                self.traces.dropped(count as u64);
            }
        }
    }
}
