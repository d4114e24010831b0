//! `monitor-check`: whether all is well, in the one line and the exit code that Nagios and its like expect.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::arguments::{SettingsArguments, duration};
use super::exit::{Exit, Failure};
use super::{Program, wait_for};
use crate::clock::{Clock, SystemClock};
use crate::director::view::QueueView;
use crate::events::escaped;

/// What the exit codes mean, for `--help`.
pub(crate) const CODES: &str = "\
Exit codes, as Nagios has them:
  0  OK
  1  WARNING: an item does not do what it should, or a limit is nearly reached (80 %)
  2  CRITICAL: a limit is passed, or the production is not running
  3  UNKNOWN: the production cannot be asked";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(crate) struct MonitorArguments {
    /// A message may wait so long (5m).
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_queue_age: Option<Duration>,
    /// So many messages may wait for an item.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_depth: Option<u64>,
    /// So many messages may be suspended.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_errors: Option<u64>,
}

/// From well to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl State {
    /// The codes of a check are not those of other commands.
    fn exit(self) -> Exit {
        match self {
            Self::Ok => Exit::Done,
            Self::Warning => Exit::Failed,
            Self::Critical => Exit::Usage,
            Self::Unknown => Exit::NotRunning,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

impl Program {
    /// `monitor-check`.
    pub(crate) fn monitor(
        self,
        settings: &SettingsArguments,
        arguments: &MonitorArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let asked = self.remote(settings).and_then(|remote| {
            wait_for(async {
                let status: Value = remote.ask(Method::GET, "/api/v1/status", Bytes::new()).await?;
                let queues: Vec<QueueView> = remote.ask(Method::GET, "/api/v1/queues", Bytes::new()).await?;
                Ok((status, queues))
            })
        });
        let (state, text, figures) = match asked {
            Ok((status, queues)) => judged(&status, &queues, arguments),
            Err(failure) if failure.exit == Exit::NotRunning => (State::Critical, failure.text, String::new()),
            Err(failure) => (State::Unknown, failure.text, String::new()),
        };
        // Behind a bar stand figures, and nothing else.
        let text = escaped(text.lines().next().unwrap_or_default()).replace('|', "/");
        let figures = if figures.is_empty() { figures } else { format!(" | {figures}") };
        writeln!(out, "{state} - {text}{figures}")?;
        Ok(state.exit())
    }
}

/// A measure against its limit.
fn against(value: u64, limit: Option<u64>) -> State {
    match limit {
        Some(limit) if value > limit => State::Critical,
        Some(limit) if limit > 0 && u128::from(value) * 5 >= u128::from(limit) * 4 => State::Warning,
        _ => State::Ok,
    }
}

/// How it is, why, and the figures.
fn judged(status: &Value, queues: &[QueueView], arguments: &MonitorArguments) -> (State, String, String) {
    let now = SystemClock.now();
    let age = queues.iter().filter_map(|queue| queue.oldest).map(|oldest| now.since(oldest).as_secs()).max();
    let (age, suspended) = (age.unwrap_or(0), queues.iter().map(|queue| queue.suspended).sum());
    let waiting = |queue: &QueueView| queue.queued + queue.in_flight + queue.retrying;
    let depth = queues.iter().map(waiting).max().unwrap_or(0);
    let max_age = arguments.max_queue_age.map(|age| age.as_secs());
    let items = status["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let degraded: Vec<&str> =
        items.iter().filter(|item| item["degraded"] == true).filter_map(|item| item["name"].as_str()).collect();
    let mut found = vec![
        (against(age, max_age), format!("oldest message waits {age} s")),
        (against(depth, arguments.max_depth), format!("{depth} messages wait for one item")),
        (against(suspended, arguments.max_errors), format!("{suspended} messages are suspended")),
    ];
    if !degraded.is_empty() {
        found.push((State::Warning, format!("not well: {}", degraded.join(", "))));
    }
    let state = found.iter().map(|(state, _)| *state).max().unwrap_or(State::Ok);
    let why: Vec<&str> =
        found.iter().filter(|(of, _)| *of == state || *of > State::Ok).map(|(_, text)| text.as_str()).collect();
    let limit = |limit: Option<u64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let figures = format!(
        "age={age}s;;{} depth={depth};;{} suspended={suspended};;{}",
        limit(max_age),
        limit(arguments.max_depth),
        limit(arguments.max_errors)
    );
    (state, why.join("; "), figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_nearly_reached_at_four_fifths_and_passed_above_it() {
        for (value, limit, state) in [
            (79, Some(100), State::Ok),
            (80, Some(100), State::Warning),
            (100, Some(100), State::Warning),
            (101, Some(100), State::Critical),
            (0, Some(0), State::Ok),
            (1, Some(0), State::Critical),
            (u64::MAX, None, State::Ok),
        ] {
            assert_eq!(against(value, limit), state, "{value} of {limit:?}");
        }
    }
}
