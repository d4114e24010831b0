//! The graph as other programs read it: Mermaid, Graphviz, JSON, and what changed between two.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use iop::production::{GraphDocument, Production};
use iop_tests::lab::Lab;
use serde_json::json;

fn lab() -> GraphDocument {
    GraphDocument::of(Lab::GRAPH, &Lab::wiring())
}

/// A graph whose every name tries to break out of its place.
fn hostile() -> GraphDocument {
    serde_json::from_value(json!({
        "production": "P\"]; x", "doc": "",
        "items": [
            {"name": "end", "doc": "", "kind": "service", "component": "A<b>\"", "entrance": "poll", "messages": [],
             "settings": []},
            {"name": "x\\", "doc": "", "kind": "process", "component": "a\nb|]", "entrance": "queue",
             "messages": ["M"], "settings": []},
        ],
        "routes": [{"from": "end", "target": "out", "to": "x\\", "messages": ["M\"|", "%%{init}%%"]}],
    }))
    .unwrap()
}

#[test]
fn mermaid_shows_items_by_kind_and_routes_with_what_they_carry() {
    let expected = "\
flowchart LR
    n0([\"<b>intake</b><br/>Intake\"]):::service
    n1([\"<b>nightly</b><br/>Nightly\"]):::service
    n2[[\"<b>analyser</b><br/>Analyser\"]]:::operation
    n0 -->|\"out: Order\"| n2
    n1 -->|\"out: Order\"| n2
";
    let chart = lab().mermaid();
    assert!(chart.starts_with(expected), "{chart}");
    assert!(chart[expected.len()..].lines().all(|line| line.trim_start().starts_with("classDef ")), "{chart}");
}

#[test]
fn graphviz_shows_the_same() {
    let graph = lab().dot();
    assert!(graph.starts_with("digraph \"Lab\" {\n"), "{graph}");
    for line in [
        "    \"intake\" [label=\"intake\\nIntake\", shape=oval, fillcolor=\"#e3f2fd\"];",
        "    \"analyser\" [label=\"analyser\\nAnalyser\", shape=box3d, fillcolor=\"#e8f5e9\"];",
        "    \"intake\" -> \"analyser\" [label=\"out: Order\"];",
        "    \"nightly\" -> \"analyser\" [label=\"out: Order\"];",
    ] {
        assert!(graph.lines().any(|other| other == line), "{line}\n{graph}");
    }
}

#[test]
fn no_name_breaks_out_of_its_place() {
    let chart = hostile().mermaid();
    let lines: Vec<_> = chart.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "flowchart LR",
            "    n0([\"<b>end</b><br/>A#60;b#62;#34;\"]):::service",
            "    n1[\"<b>x#92;</b><br/>a#10;b#124;#93;\"]:::process",
            "    n0 -->|\"out: M#34;#124;, #37;#37;#123;init#125;#37;#37;\"| n1",
        ]
    );
    let graph = hostile().dot();
    let lines: Vec<_> = graph.lines().filter(|line| line.contains('x') || line.contains("end")).collect();
    assert_eq!(
        lines,
        [
            "digraph \"P\\\"]; x\" {",
            "    \"end\" [label=\"end\\nA<b>\\\"\", shape=oval, fillcolor=\"#e3f2fd\"];",
            "    \"x\\\\\" [label=\"x\\\\\\na\\nb|]\", shape=box, fillcolor=\"#fff8e1\"];",
            "    \"end\" -> \"x\\\\\" [label=\"out: M\\\"|, %%{init}%%\"];",
        ]
    );
}

#[test]
fn json_has_items_with_kind_component_messages_and_settings_and_routes_with_messages() {
    let document: serde_json::Value = serde_json::from_str(&lab().json().unwrap()).unwrap();
    assert_eq!(document["production"], "Lab");
    assert_eq!(document["doc"].as_str().unwrap().trim(), "A small laboratory.");
    let analyser = &document["items"][2];
    assert_eq!(
        (&analyser["name"], &analyser["kind"], &analyser["component"], &analyser["messages"]),
        (&json!("analyser"), &json!("operation"), &json!("Analyser"), &json!(["Order"]))
    );
    let setting = |name: &str| analyser["settings"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(setting("repetitions")["value"], 3);
    assert_eq!(setting("pool_size")["value"], 2);
    assert_eq!(setting("password")["value"], serde_json::Value::Null);
    assert_eq!(
        document["routes"],
        json!([
            {"from": "intake", "target": "out", "to": "analyser", "messages": ["Order"]},
            {"from": "nightly", "target": "out", "to": "analyser", "messages": ["Order"]},
        ])
    );
}

#[test]
fn the_same_source_gives_the_same_document() {
    assert_eq!(lab().json().unwrap(), lab().json().unwrap());
    let read_back: GraphDocument = serde_json::from_str(&lab().json().unwrap()).unwrap();
    assert_eq!(read_back, lab());
}

#[test]
fn what_changed_between_two_graphs_is_listed() {
    let mut older = serde_json::to_value(lab()).unwrap();
    older["items"][0]["name"] = json!("entry");
    older["items"][2]["kind"] = json!("process");
    older["items"][2]["settings"][1]["value"] = json!(9);
    older["routes"][0]["from"] = json!("entry");
    older["routes"][1]["messages"] = json!(["Order", "Cancel"]);
    let older: GraphDocument = serde_json::from_value(older).unwrap();
    assert_eq!(
        lab().changes_since(&older),
        [
            "+ item intake: service Intake",
            "~ item analyser: process Analyser -> operation Analyser",
            "~ setting analyser.repetitions: 9 (integer (u32)) -> 3 (integer (u32))",
            "- item entry: service Intake",
            "+ route intake.out -> analyser: Order",
            "~ route nightly.out -> analyser: carries Order, Cancel -> Order",
            "- route entry.out -> analyser: Order",
        ]
    );
    assert_eq!(lab().changes_since(&lab()), Vec::<String>::new());
}
