//! `purge`, and `alerts`: what is removed, and what a person should know of.

use std::io::Write;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::arguments::{AlertsAction, AlertsArguments, PurgeArguments, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::place::Place;
use super::remote::segment;
use super::source::parsed;
use super::table::{Rows, text};
use super::terminal::{Progress, confirmed};
use super::{Program, say, wait_for, who};
use crate::events::escaped;
use crate::message::AlertKind;

#[derive(Debug, Default, Deserialize)]
struct PurgedBody {
    messages: u64,
    bytes: u64,
    oldest: Option<String>,
    marks: u64,
    events: u64,
    more: bool,
    at: Option<String>,
    query: Option<String>,
    up_to: Option<u64>,
    after: Option<u64>,
    #[serde(default)]
    kept: u64,
}

impl Program {
    /// `purge`.
    pub(crate) fn purge(
        self,
        settings: &SettingsArguments,
        arguments: &PurgeArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        wait_for(async {
            let place = self.place(settings)?;
            let done = purged(&place, arguments, out).await;
            place.close().await?;
            done
        })
    }

    /// `alerts`.
    pub(crate) fn alerts(
        self,
        settings: &SettingsArguments,
        arguments: &AlertsArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        wait_for(async {
            let place = self.place(settings)?;
            let done = match &arguments.action {
                Some(AlertsAction::Mute { item, kind, duration }) => mute(&place, item, *kind, *duration).await,
                None => show(&place, arguments.output.output, out).await,
            };
            place.close().await?;
            done
        })
    }
}

async fn purged(place: &Place, arguments: &PurgeArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let by = segment(&who());
    let which = match (&arguments.query, arguments.older_than) {
        (Some(query), _) => format!("&q={}", segment(&parsed(query)?.to_string())),
        (None, Some(age)) => format!("&older_than={}", age.0.as_secs()),
        (None, None) => String::new(),
    };
    let preview: PurgedBody = place.post(&format!("/api/v1/purge?preview=true&by={by}{which}")).await?;
    if arguments.dry_run || !arguments.yes {
        writeln!(out, "{}", purged_line("would purge", &preview))?;
    }
    if preview.kept > 0 {
        say(&format!("sessions that stay, not over or kept by a retention of their own: {}", preview.kept));
    }
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    out.flush()?;
    confirmed(arguments.yes, "remove that")?;
    // Just what the preview has found, whatever has come since, or has become so old.
    let frozen = match (preview.query, preview.up_to, preview.at) {
        (Some(query), Some(up_to), _) => format!("&q={}&up_to={up_to}", segment(&query)),
        (_, _, at) => which + &at.map(|at| format!("&at={}", segment(&at))).unwrap_or_default(),
    };
    let progress = Progress::of(preview.messages);
    let mut done = PurgedBody { more: true, ..PurgedBody::default() };
    while done.more {
        let after = done.after.map(|after| format!("&after={after}")).unwrap_or_default();
        let purged: PurgedBody = place.post(&format!("/api/v1/purge?preview=false&by={by}{frozen}{after}")).await?;
        done = PurgedBody {
            messages: done.messages + purged.messages,
            bytes: done.bytes + purged.bytes,
            oldest: done.oldest.or(purged.oldest),
            marks: done.marks + purged.marks,
            events: done.events + purged.events,
            ..purged
        };
        progress.at(done.messages, "purged");
    }
    drop(progress);
    writeln!(out, "{}", purged_line("purged", &done))?;
    Ok(Exit::Done)
}

fn purged_line(what: &str, purged: &PurgedBody) -> String {
    let PurgedBody { messages, bytes, oldest, marks, events, .. } = purged;
    let oldest = oldest.as_deref().map(|time| format!(", the oldest of {time}")).unwrap_or_default();
    let messages = format!("{what} {messages} messages with {bytes} bytes of bodies{oldest}");
    // A query is about messages alone.
    if purged.up_to.is_some() { messages } else { format!("{messages}; {marks} marks of inputs, {events} log lines") }
}

async fn show(place: &Place, form: Form, out: &mut dyn Write) -> Result<Exit, Failure> {
    let alerts: Value = place.get("/api/v1/alerts").await?;
    match form {
        Form::Table => alerts_table(&alerts).write(out)?,
        Form::Csv => alerts_table(&alerts).write_csv(out)?,
        Form::Json => {
            serde_json::to_writer_pretty(&mut *out, &alerts)?;
            writeln!(out)?;
        }
        Form::Jsonl => {
            for condition in alerts["conditions"].as_array().into_iter().flatten() {
                writeln!(out, "{condition}")?;
            }
        }
    }
    let holds = alerts["conditions"].as_array().is_some_and(|conditions| !conditions.is_empty());
    Ok(if holds { Exit::CheckFailed } else { Exit::Done })
}

async fn mute(place: &Place, item: &str, kind: Option<AlertKind>, duration: Duration) -> Result<Exit, Failure> {
    let of_kind = kind.map(|kind| format!("&kind={kind}")).unwrap_or_default();
    let (name, by, seconds) = (segment(item), segment(&who()), duration.as_secs());
    let _: Value = place.post(&format!("/api/v1/alerts/mute?item={name}&seconds={seconds}&by={by}{of_kind}")).await?;
    let what = kind.map_or_else(|| "every rule".to_owned(), |kind| format!("the rule `{kind}`"));
    let text = if duration.is_zero() {
        format!("{what} of `{}` speaks again", escaped(item))
    } else {
        format!("{what} of `{}` keeps silent for {duration:.0?}", escaped(item))
    };
    say(&text);
    Ok(Exit::Done)
}

fn alerts_table(alerts: &Value) -> Rows {
    const HEAD: [&str; 7] = ["item", "kind", "since", "told", "value", "limit", "text"];
    let mut rows = Rows::new(HEAD);
    for condition in alerts["conditions"].as_array().into_iter().flatten() {
        rows.push(HEAD.map(|field| text(&condition[field])));
    }
    for mute in alerts["muted"].as_array().into_iter().flatten() {
        let kind = if mute["kind"].is_null() { "(all)".to_owned() } else { text(&mute["kind"]) };
        let said = format!("muted until {} by {}", text(&mute["until"]), text(&mute["by"]));
        rows.push([text(&mute["item"]), kind, String::new(), String::new(), String::new(), String::new(), said]);
    }
    rows
}
