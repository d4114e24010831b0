//! What comes out of a feed.

use std::collections::HashMap;

use iop_examples::earthquakes::feed::SAMPLE;
use iop_tests::child::{names, read};
use serde_json::{Value, json};

use crate::desk::{Desk, records};

/// The events of the sample, read by other means than the example reads them.
fn sample() -> Vec<Value> {
    let feed: Value = serde_json::from_str(SAMPLE.1).expect("the sample is JSON");
    feed["features"].as_array().expect("a list").clone()
}

fn of_kind(events: &[Value], kind: &str) -> Vec<Value> {
    events.iter().filter(|event| event["properties"]["type"] == kind).cloned().collect()
}

/// A value as a field of a CSV file has it.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn a_week_of_events_comes_to_totals_that_add_up() {
    let desk = Desk::new();
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let summary = read(&desk.out("summary.txt"));
    assert!(ended.out.contains(&summary), "what is printed is what is written:\n{}", ended.out);
    for row in [
        "events 1707 1707 announced by the feed",
        "earthquakes 1679 1679 lines of earthquakes.csv",
        "explosions 15 15 lines of explosions.csv",
        "quarry blasts 13 13 lines of quarry_blasts.csv",
        "together 1707 1707 rows of events.sqlite",
        "magnitude 4.5 or more 85 85 lines of alerts.txt",
    ] {
        let said = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") == row;
        assert!(summary.lines().any(said), "`{row}` is not in\n{summary}");
    }
    assert!(summary.contains("The numbers add up."), "{summary}");
    for document in [include_str!("../../README.md"), include_str!("../../examples/earthquakes/README.md")] {
        assert!(document.contains(&summary), "the documents show the summary as it is:\n{summary}");
    }
    assert_eq!(desk.lines("earthquakes.csv"), 1680);
    assert_eq!(desk.lines("explosions.csv"), 16);
    assert_eq!(desk.lines("quarry_blasts.csv"), 14);
    assert_eq!(desk.lines("alerts.txt"), 85);
    assert_eq!(desk.rows().len(), 1707);
    assert_eq!(names(&desk.inbox(".archive")), ["earthquakes.geojson"]);
    assert!(names(&desk.inbox("")).is_empty() && names(&desk.inbox(".work")).is_empty());
}

#[test]
fn every_value_of_the_feed_is_in_the_files_in_the_order_of_the_feed() {
    let desk = Desk::new();
    assert_eq!(desk.until_idle().code, Some(0));
    let events = sample();
    let columns = [
        ("magnitude", "mag"),
        ("magnitude_type", "magType"),
        ("place", "place"),
        ("timezone", "tz"),
        ("felt", "felt"),
        ("reported_intensity", "cdi"),
        ("computed_intensity", "mmi"),
        ("damage_alert", "alert"),
        ("status", "status"),
        ("significance", "sig"),
        ("network", "net"),
        ("stations", "nst"),
        ("nearest_station", "dmin"),
        ("residual", "rms"),
        ("gap", "gap"),
        ("url", "url"),
    ];
    let classes = [("earthquake", "earthquakes"), ("explosion", "explosions"), ("quarry blast", "quarry_blasts")];
    for (kind, file) in classes {
        let (expected, found) = (of_kind(&events, kind), records(&desk.out(&format!("{file}.csv"))));
        assert_eq!(found.len(), expected.len());
        for (record, event) in found.iter().zip(&expected) {
            let properties = &event["properties"];
            assert_eq!(record["id"], field(&event["id"]), "in the order of the feed");
            for (column, property) in columns {
                assert_eq!(record[column], field(&properties[property]), "{column} of {}", record["id"]);
            }
            for (index, column) in ["longitude", "latitude", "depth"].into_iter().enumerate() {
                assert_eq!(
                    record[column],
                    field(&event["geometry"]["coordinates"][index]),
                    "{column} of {}",
                    record["id"]
                );
            }
            assert_eq!(record["tsunami"], (properties["tsunami"] == 1).to_string());
            assert!(!record["network_name"].is_empty() && !record["network_region"].is_empty());
        }
    }
    let strong = events.iter().filter(|event| event["properties"]["mag"].as_f64() >= Some(4.5));
    let strong: Vec<String> = strong.map(|event| field(&event["id"])).collect();
    let alerts = read(&desk.out("alerts.txt"));
    let alerted: Vec<&str> = alerts.lines().map(|line| line.split('@').next().unwrap()).collect();
    assert_eq!(alerted, strong);
}

#[test]
fn the_same_feed_again_is_noticed_and_processed_no_second_time() {
    let desk = Desk::new();
    assert_eq!(desk.until_idle().code, Some(0));
    let results = || ["summary.txt", "earthquakes.csv", "alerts.txt"].map(|name| read(&desk.out(name)));
    let (before, rows) = (results(), desk.rows());

    let again = desk.until_idle();
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.err.contains("was processed before and is not processed again"), "{}", again.err);
    assert!(again.out.contains(&before[0]), "the summary is shown again:\n{}", again.out);

    desk.put(SAMPLE.0, SAMPLE.1);
    let again = desk.until_idle();
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.err.contains("earthquakes.geojson was processed before and is not processed again"), "{}", again.err);
    assert_eq!(names(&desk.inbox(".archive")).len(), 2, "both files are kept");
    assert_eq!((results(), desk.rows()), (before, rows));
}

#[test]
fn the_same_feed_under_another_name_is_another_input_and_adds_no_line() {
    let desk = Desk::new();
    assert_eq!(desk.until_idle().code, Some(0));
    let results =
        || ["earthquakes.csv", "explosions.csv", "quarry_blasts.csv", "alerts.txt"].map(|name| read(&desk.out(name)));
    let (before, rows) = (results(), desk.rows());
    let messages: usize = desk.statuses().values().sum();

    desk.put("copy.geojson", SAMPLE.1);
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(desk.statuses(), [("completed".to_owned(), 2 * messages)].into(), "each event is a message again");
    assert_eq!((results(), desk.rows()), (before, rows), "an event that is there already is not written again");
    let summary = read(&desk.out("summary.txt"));
    assert!(summary.starts_with("copy.geojson") && summary.contains("The numbers add up."), "{summary}");
    assert_eq!(names(&desk.inbox(".archive")), ["copy.geojson", "earthquakes.geojson"]);
}

/// A feed of some events.
fn feed(events: &[Value]) -> String {
    json!({ "type": "FeatureCollection", "metadata": { "count": events.len() }, "features": events }).to_string()
}

#[test]
fn a_later_feed_adds_new_events_and_revisions_and_repeats_nothing() {
    let desk = Desk::without_sample();
    let mut events = sample();
    events.truncate(3);
    desk.put("monday.geojson", &feed(&events));
    assert_eq!(desk.until_idle().code, Some(0));
    assert_eq!((desk.lines("earthquakes.csv"), desk.lines("alerts.txt"), desk.rows().len()), (4, 0, 3));

    events[1]["properties"]["mag"] = json!(5.2);
    events[1]["properties"]["updated"] = json!(events[1]["properties"]["updated"].as_i64().unwrap() + 60_000);
    let mut new = events[2].clone();
    new["id"] = json!("xx1");
    new["properties"]["net"] = json!("xx");
    new["properties"]["place"] = json!("\"Devil's Gate\", 3km N,\nof nowhere");
    events.push(new);
    desk.put("tuesday.geojson", &feed(&events));
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let summary = read(&desk.out("summary.txt"));
    assert!(summary.starts_with("tuesday.geojson") && summary.contains("The numbers add up."), "{summary}");
    let found = records(&desk.out("earthquakes.csv"));
    assert_eq!(found.len(), 5, "three, a revision, and a new one");
    assert_eq!(found[4]["place"], "\"Devil's Gate\", 3km N,\nof nowhere");
    assert_eq!(
        (found[4]["network"].as_str(), found[4]["network_name"].as_str()),
        ("xx", ""),
        "a network that is not known"
    );
    assert_eq!(read(&desk.out("alerts.txt")).lines().count(), 1);
    let rows = desk.rows();
    let revised =
        rows.iter().find(|row| row[0] == rusqlite::types::Value::from(events[1]["id"].as_str().unwrap().to_owned()));
    assert_eq!((rows.len(), &revised.unwrap()[4]), (4, &rusqlite::types::Value::from(5.2)));
}

#[test]
fn an_event_of_an_unknown_kind_waits_for_a_person_and_the_others_go_on() {
    let desk = Desk::without_sample();
    let mut events = sample();
    events.truncate(3);
    events[1]["properties"]["type"] = json!("ice quake");
    desk.put("winter.geojson", &feed(&events));
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(5), "something waits for a person:\n{}", ended.err);
    assert!(ended.err.contains("of the unknown kind `ice quake`"), "{}", ended.err);
    assert_eq!(desk.lines("earthquakes.csv"), 3);
    let summary = read(&desk.out("summary.txt"));
    assert!(summary.contains("THE NUMBERS DO NOT ADD UP"), "{summary}");
    assert!(summary.contains("events read: 3, but events classified: 2"), "{summary}");

    let shown = desk.0.run(&["messages", "find", "status:suspended", "-o", "jsonl"]);
    let suspended: Vec<HashMap<String, Value>> =
        shown.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(suspended.len(), 1, "{}", shown.out);
    assert_eq!(suspended[0]["target"], "classifier");
}

#[test]
fn a_file_that_is_no_feed_is_kept_and_says_why() {
    let desk = Desk::without_sample();
    desk.put("text.geojson", "{ \"metadata\": { \"count\": 1 }, \"features\": [ { \"id\": 7 } ] }");
    std::fs::write(desk.inbox("latin1.geojson"), b"\xe9").unwrap();
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(ended.err.contains("invalid type: integer `7`, expected a string"), "{}", ended.err);
    // What is text is a message, and waits for a person as one. What is not never became one.
    assert_eq!(names(&desk.inbox(".archive")), ["text.geojson"]);
    assert_eq!(names(&desk.inbox(".errors")), ["latin1.geojson", "latin1.geojson.error"]);
    assert!(read(&desk.inbox(".errors/latin1.geojson.error")).contains("is not UTF-8"));
}

#[test]
fn looking_at_the_production_touches_nothing() {
    let desk = Desk::new();
    for command in [&["graph"][..], &["check"], &["list"], &["settings"]] {
        let ended = desk.0.run(command);
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.err);
    }
    assert!(!desk.0.path("iop-data").exists());
}

#[test]
fn a_setting_that_the_service_and_its_adapter_declare_is_one_setting() {
    let desk = Desk::new();
    let ended = desk.0.run(&["settings"]);
    assert_eq!(ended.out.matches("feed.path ").count(), 1, "{}", ended.out);
    // Both read the value: the service puts the sample there, the adapter finds it.
    let elsewhere = desk.0.run(&["run", "--until-idle", "--set", "feed.path=elsewhere"]);
    assert_eq!(elsewhere.code, Some(0), "{}", elsewhere.err);
    assert_eq!(names(&desk.0.path("elsewhere/.archive")), ["earthquakes.geojson"]);
    assert!(!desk.inbox("").exists());
}
