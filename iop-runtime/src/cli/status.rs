//! `status`: how the running production is, item by item.

use std::collections::BTreeSet;
use std::io::Write;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{Rows as Form, SettingsArguments, StatusArguments};
use super::exit::{Exit, Failure};
use super::table::{Rows, text, write_list};
use super::{Program, say, wait_for};
use crate::events::escaped;

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
            only_of(&mut status, &which.category)?;
        }
        let form = which.output.output;
        if form == Form::Json {
            serde_json::to_writer_pretty(&mut *out, &status)?;
            writeln!(out)?;
        } else {
            write_list(form, items(&status), table, out)?;
            if status["short_of_space"] == true {
                say(crate::engine::service::NO_SPACE);
            }
            if status["held"].is_object() {
                let held = &status["held"];
                let (of, taken, by) = (text(&held["copy_of"]), text(&held["taken"]), text(&held["by"]));
                say(&escaped(&format!("operations are held: the store is a copy of {of}, taken {taken} by {by}")));
                say("`store release` lets them start");
            }
        }
        let degraded = status["short_of_space"] == true || items(&status).iter().any(|item| item["degraded"] == true);
        Ok(if degraded { Exit::CheckFailed } else { Exit::Done })
    }
}

/// What it says of each item.
pub(super) fn items(status: &Value) -> &[Value] {
    status["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Leaves the items of these categories. A category that no item has was meant to be another.
pub(super) fn only_of(status: &mut Value, categories: &[String]) -> Result<(), Failure> {
    let of = |item: &Value| -> Vec<String> {
        let of = item["category"].as_array().map(Vec::as_slice).unwrap_or_default();
        of.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let known: BTreeSet<String> = items(status).iter().flat_map(of).collect();
    if let Some(unknown) = categories.iter().find(|category| !known.contains(*category)) {
        let known = match known.is_empty() {
            true => "no item has one".to_owned(),
            false => format!(
                "there are {}",
                known.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        return Err(Failure::new(Exit::FoundNothing, format!("no item is of the category `{unknown}`; {known}")));
    }
    if let Some(items) = status["items"].as_array_mut() {
        items.retain(|item| of(item).iter().any(|category| categories.contains(category)));
    }
    Ok(())
}

fn table(items: &[Value]) -> Rows {
    let mut rows = Rows::new(["item", "kind", "state", "queued", "workers", "busy", "completed", "failed", "error"]);
    for item in items {
        let trouble: Vec<_> = item["trouble"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
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
            trouble.join("; "),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_categories_those_items_are_left_that_have_one_of_them() {
        let status = serde_json::json!({ "items": [
            { "name": "lab", "category": ["ward", "north"] },
            { "name": "night" },
            { "name": "mail", "category": ["ward"] },
        ]});
        let names = |categories: &[&str]| {
            let mut some = status.clone();
            only_of(&mut some, &categories.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
            Ok::<_, Failure>(items(&some).iter().map(|item| text(&item["name"])).collect::<Vec<_>>())
        };
        assert_eq!(names(&["north"]).unwrap(), ["lab"]);
        assert_eq!(names(&["ward", "north"]).unwrap(), ["lab", "mail"]);
        let refused = names(&["ward", "south"]).unwrap_err();
        assert_eq!(refused.exit, Exit::FoundNothing);
        assert_eq!(refused.text, "no item is of the category `south`; there are `north`, `ward`");
    }
}
