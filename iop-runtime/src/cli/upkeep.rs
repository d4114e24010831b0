//! `purge`, and `alerts`: what is removed, and what a person should know of.

use std::io::Write;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::arguments::{AlertsAction, AlertsArguments, PurgeArguments, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::place::Place;
use super::remote::segment;
use super::table::{Rows, text};
use super::terminal::confirmed;
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
    let age = arguments.older_than.map(|age| format!("&older_than={}", age.0.as_secs())).unwrap_or_default();
    let by = segment(&who());
    let preview: PurgedBody = place.post(&format!("/api/v1/purge?preview=true&by={by}{age}")).await?;
    if arguments.dry_run || !arguments.yes {
        writeln!(out, "{}", purged_line("would purge", &preview))?;
    }
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    out.flush()?;
    confirmed(arguments.yes, "remove that")?;
    let mut done = PurgedBody { more: true, ..PurgedBody::default() };
    while done.more {
        let purged: PurgedBody = place.post(&format!("/api/v1/purge?preview=false&by={by}{age}")).await?;
        done = PurgedBody {
            messages: done.messages + purged.messages,
            bytes: done.bytes + purged.bytes,
            oldest: done.oldest.or(purged.oldest),
            marks: done.marks + purged.marks,
            events: done.events + purged.events,
            more: purged.more,
        };
    }
    writeln!(out, "{}", purged_line("purged", &done))?;
    Ok(Exit::Done)
}

fn purged_line(what: &str, purged: &PurgedBody) -> String {
    let PurgedBody { messages, bytes, oldest, marks, events, .. } = purged;
    let oldest = oldest.as_deref().map(|time| format!(", the oldest of {time}")).unwrap_or_default();
    format!(
        "{what} {messages} messages with {bytes} bytes of bodies{oldest}; {marks} marks of inputs, {events} log lines"
    )
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
