//! `status`: how the running production is, item by item.

use std::io::Write;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{SettingsArguments, StatusArguments, Table};
use super::exit::{Exit, Failure};
use super::table::Rows;
use super::{Program, wait_for};

impl Program {
    /// `status`.
    pub(crate) fn status(
        self,
        arguments: &SettingsArguments,
        which: &StatusArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(arguments)?;
        let body =
            wait_for(async { remote.call(Method::GET, "/api/v1/status", None, Bytes::new()).await?.accepted() })?;
        let mut status: Value = serde_json::from_slice(&body).map_err(Failure::failed)?;
        if !which.category.is_empty() {
            only_of(&mut status, &which.category);
        }
        if which.output.output == Table::Json {
            serde_json::to_writer_pretty(&mut *out, &status)?;
            writeln!(out)?;
        } else {
            table(&status).write(out)?;
        }
        Ok(if items(&status).iter().any(is_degraded) { Exit::CheckFailed } else { Exit::Done })
    }
}

fn items(status: &Value) -> &[Value] {
    status["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Leaves the items of these categories.
fn only_of(status: &mut Value, categories: &[String]) {
    if let Some(items) = status["items"].as_array_mut() {
        items.retain(|item| {
            let of = item["category"].as_array().map(Vec::as_slice).unwrap_or_default();
            of.iter().filter_map(Value::as_str).any(|category| categories.iter().any(|wanted| wanted == category))
        });
    }
}

/// An item that does not do what it should: what is down as its schedule says does.
fn is_degraded(item: &Value) -> bool {
    let is_down = item["state"] != "running" && item["schedule"]["up"] != false;
    is_down || !item["error"].is_null()
}

fn table(status: &Value) -> Rows {
    let mut rows = Rows::new(["item", "kind", "state", "queued", "workers", "busy", "completed", "failed", "error"]);
    for item in items(status) {
        let more = if item["more_in_store"] == true { "+" } else { "" };
        rows.push([
            text(&item["name"]),
            text(&item["kind"]),
            text(&item["state"]),
            format!("{}{more}", text(&item["queued"])),
            text(&item["workers"]["all"]),
            text(&item["workers"]["busy"]),
            text(&item["completed"]),
            text(&item["failed"]),
            trouble(item),
        ]);
    }
    rows
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is wrong with an item, the gravest first.
fn trouble(item: &Value) -> String {
    let mut trouble = Vec::new();
    if !item["error"].is_null() {
        trouble.push(text(&item["error"]));
    }
    match item["breaker"].as_str() {
        Some("open") => trouble.push("circuit breaker open".to_owned()),
        Some("half_open") => trouble.push("circuit breaker half open".to_owned()),
        _ => {}
    }
    if let Some(parked) = item["parked"].as_u64().filter(|parked| *parked > 0) {
        trouble.push(format!("{parked} parked"));
    }
    let failing = item["failing"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(blocks) = failing.iter().find(|failing| failing["blocks"] == true) {
        let (attempt, error) = (&blocks["attempt"], text(&blocks["error"]));
        trouble.push(format!("blocked by {} after {attempt} attempts: {error}", text(&blocks["message"])));
    } else if let Some(first) = failing.first() {
        trouble.push(format!("{} retrying: {}", item["retrying"], text(&first["error"])));
    }
    if item["schedule"]["up"] == false {
        trouble.push(format!("down until {}", next_of(&item["schedule"]["next"])));
    }
    trouble.join("; ")
}

/// A moment in microseconds, as people read it.
fn next_of(moment: &Value) -> String {
    moment.as_i64().map_or_else(|| "further notice".to_owned(), |micros| crate::clock::Timestamp(micros).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_in_the_last_column_and_what_its_schedule_has_down_is_none() {
        let status = serde_json::json!({ "items": [
            { "name": "lab", "state": "running", "category": ["ward", "north"], "breaker": "open", "parked": 2, "retrying": 3,
              "failing": [{ "message": "m", "blocks": true, "attempt": 17, "error": "no route" }] },
            { "name": "night", "state": "stopped", "schedule": { "up": false, "next": 0 } },
            { "name": "mail", "state": "stopped", "category": ["ward"] },
        ]});
        let [lab, night, mail] = items(&status) else { panic!("three items") };
        assert_eq!(trouble(lab), "circuit breaker open; 2 parked; blocked by m after 17 attempts: no route");
        assert_eq!(trouble(night), "down until 1970-01-01T00:00:00.000Z");
        assert_eq!([lab, night, mail].map(is_degraded), [false, false, true]);
        let mut some = status.clone();
        only_of(&mut some, &["north".to_owned()]);
        assert_eq!(items(&some), std::slice::from_ref(lab));
    }
}
