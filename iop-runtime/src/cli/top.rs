//! `top`: the running production, looked at again and again.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{SettingsArguments, TopArguments};
use super::exit::{Exit, Failure};
use super::screen::Screen;
use super::signals::Signals;
use super::table::{Rows, text};
use super::{Program, terminal, wait_for};
use crate::events::{Look, escaped};

/// To the first corner; what is left of the line, and of the screen, goes.
const HOME: &str = "\x1b[H";
const LINE_END: &str = "\x1b[K\n";
const SCREEN_END: &str = "\x1b[J";

/// What ends it. Not Escape: the arrows begin with it.
const ENDS: &[u8] = b"qQ";
/// As long as nobody notices between a key, or another size of the window, and what comes of it.
const AT_ONCE: Duration = Duration::from_millis(100);

impl Program {
    /// `top`.
    pub(crate) fn top(
        self,
        settings: &SettingsArguments,
        arguments: &TopArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(settings)?;
        let look = terminal::look(settings.color);
        // Where nobody looks, a screen that is written anew is no use.
        let once = arguments.once || !std::io::stdout().is_terminal();
        wait_for(async {
            let look_once = async || -> Result<String, Failure> {
                let overview: Value = remote.ask(Method::GET, "/api/v1/overview", Bytes::new()).await?;
                screen(&overview, look, if once { "" } else { "q ends it" })
            };
            if once {
                write!(out, "{}", look_once().await?)?;
                return Ok(Exit::Done);
            }
            let first = look_once().await?;
            watched(first, look_once, arguments.every, out).await
        })
    }
}

/// Shows a screen after the other until somebody has seen enough.
async fn watched(
    mut shown: String,
    look: impl AsyncFn() -> Result<String, Failure>,
    every: Duration,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let screen = Screen::enter(out)?;
    loop {
        let (looked, rows) = (Instant::now(), terminal::rows());
        // Written over what was there: nothing flickers.
        write!(out, "{HOME}{}{SCREEN_END}", fitted(&shown, rows).replace('\n', LINE_END))?;
        out.flush()?;
        while looked.elapsed() < every && terminal::rows() == rows {
            tokio::select! {
                () = signals.stop() => return Ok(Exit::Interrupted),
                () = tokio::time::sleep(AT_ONCE.min(every)) => {}
            }
            if screen.pressed(ENDS) {
                return Ok(Exit::Done);
            }
        }
        shown = tokio::select! {
            looked = look() => looked?,
            () = signals.stop() => return Ok(Exit::Interrupted),
        };
    }
}

/// As many lines as there is room for: more would move the first ones out of sight, and what is not well is said by the last.
fn fitted(screen: &str, rows: Option<usize>) -> String {
    let lines: Vec<&str> = screen.lines().collect();
    match rows {
        Some(rows) if lines.len() >= rows && rows > 1 => {
            let shown = rows - 2;
            let left = lines.len() - shown;
            format!("{}\n… {left} more lines; `status` shows them all", lines[..shown].join("\n"))
        }
        _ => screen.to_owned(),
    }
}

fn screen(overview: &Value, look: Look, hint: &str) -> Result<String, Failure> {
    let counts = &overview["counts"];
    let mut screen = format!(
        "{}  {}  {:.1}/s  {} completed, {} failed in the last hour  p95 {}\n{hint}\n",
        escaped(&text(&overview["production"])),
        text(&overview["now"]),
        counts["per_second"].as_f64().unwrap_or(0.0),
        text(&counts["completed_last_hour"]),
        text(&counts["failed_last_hour"]),
        milliseconds(&overview["latency"]["p95_micros"]),
    );
    let mut rows = Rows::new(["item", "kind", "state", "rate", "queued", "busy", "suspended", "failed", "trouble"]);
    let items = overview["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    for item in items {
        let (backlog, counts, workers) = (&item["backlog"], &item["counts"], &item["workers"]);
        let trouble: Vec<_> = item["trouble"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        rows.push([
            text(&item["name"]),
            text(&item["kind"]),
            text(&item["state"]),
            format!("{:.1}/s", counts["per_second"].as_f64().unwrap_or(0.0)),
            text(&backlog["queued"]),
            format!("{}/{}", text(&workers["busy"]), text(&workers["all"])),
            text(&backlog["suspended"]),
            text(&counts["failed_last_hour"]),
            trouble.join("; "),
        ]);
    }
    let mut table = Vec::new();
    rows.write(&mut table)?;
    let table = String::from_utf8_lossy(&table).into_owned();
    let mut lines = table.lines();
    screen.extend(lines.next().map(|head| format!("{head}\n")));
    // What is not well comes first to the eye.
    for (line, item) in lines.zip(items) {
        if is_not_well(item) && look == Look::Coloured {
            screen.push_str(&format!("\x1b[31m{line}\x1b[0m\n"));
        } else {
            screen.push_str(&format!("{line}\n"));
        }
    }
    let problems = overview["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !problems.is_empty() {
        screen.push_str("\nthe newest problems\n");
    }
    for problem in problems {
        let [created, target, status, error, id] =
            ["created", "target", "status", "error", "id"].map(|field| escaped(&text(&problem[field])));
        screen.push_str(&format!("{created}  {target}  {status}  {id}  {error}\n"));
    }
    Ok(screen)
}

/// Whether somebody has to look after it. What was stopped is as somebody wants it.
fn is_not_well(item: &Value) -> bool {
    let stopped = item["state"] == "stopped" && item["error"].is_null();
    let suspended = item["backlog"]["suspended"].as_u64().is_some_and(|count| count > 0);
    suspended || (item["degraded"] == true && !stopped)
}

fn milliseconds(micros: &Value) -> String {
    micros.as_f64().map_or_else(|| "-".to_owned(), |micros| format!("{:.1} ms", micros / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_or_waits_for_a_person_is_red_and_what_somebody_stopped_is_not() {
        let item = |state: &str, suspended: u64, error: Option<&str>| {
            let degraded = state != "running" || error.is_some();
            serde_json::json!({ "name": "lab", "state": state, "degraded": degraded, "error": error, "backlog": { "suspended": suspended } })
        };
        for (item, red) in [
            (item("running", 0, None), false),
            (item("stopped", 0, None), false),
            (item("stopped", 3, None), true),
            (item("running", 3, None), true),
            (item("starting", 0, None), true),
            (item("stopped", 0, Some("no route to host")), true),
        ] {
            let shown = screen(&serde_json::json!({ "items": [item] }), Look::Coloured, "").unwrap();
            assert_eq!(shown.contains("\x1b[31mlab"), red, "{shown}");
        }
    }

    #[test]
    fn a_screen_that_is_too_long_says_how_much_of_it_is_not_shown() {
        let screen = "one\ntwo\nthree\nfour\n";
        assert_eq!(fitted(screen, Some(5)), screen);
        assert_eq!(fitted(screen, None), screen);
        assert_eq!(fitted(screen, Some(4)), "one\ntwo\n… 2 more lines; `status` shows them all");
        assert_eq!(fitted(screen, Some(2)), "\n… 4 more lines; `status` shows them all");
    }
}
