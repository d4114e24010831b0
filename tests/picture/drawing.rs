//! The SVG: what it shows, and that no name breaks out of its place.

use iop::picture::svg;
use iop::production::GraphDocument;
use serde_json::json;

use crate::graphs::{hospital, production};

/// The tags of a document in order, with all its text, if it is well-formed: every tag is closed where it may be, every
/// attribute quoted, and no character stands where it has a meaning.
fn well_formed(document: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut tags, mut texts, mut open) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = document.trim_end();
    while let Some((text, behind)) = rest.split_once('<') {
        texts.push(unescaped(text)?);
        let (tag, behind) = behind.split_once('>').ok_or("a tag does not end")?;
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            let opened: Option<&str> = open.pop();
            if opened != Some(name) {
                return Err(format!("</{name}> closes {opened:?}"));
            }
            continue;
        }
        let inner = tag.strip_suffix('/').unwrap_or(tag);
        let (name, mut attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        while let Some((attribute, value)) = attributes.split_once("=\"") {
            let (value, behind) = value.split_once('"').ok_or_else(|| format!("{attribute} is not closed"))?;
            if !attribute.trim().chars().all(|letter| letter.is_ascii_alphanumeric() || ":-".contains(letter)) {
                return Err(format!("no attribute: {attribute}"));
            }
            texts.push(unescaped(value)?);
            attributes = behind;
        }
        if !attributes.is_empty() {
            return Err(format!("left over in a tag: {attributes}"));
        }
        tags.push(tag.to_owned());
        if inner == tag {
            open.push(name);
        }
    }
    if rest.is_empty() && open.is_empty() { Ok((tags, texts)) } else { Err(format!("left over: {rest}, {open:?}")) }
}

fn unescaped(text: &str) -> Result<String, String> {
    if let Some(letter) = text.chars().find(|letter| letter.is_control() && *letter != '\n') {
        return Err(format!("no XML: {letter:?}"));
    }
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, behind) = part.split_once(';').ok_or_else(|| format!("no entity: &{part}"))?;
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            "#10" => '\n',
            _ => return Err(format!("no entity: &{entity};")),
        });
        plain.push_str(behind);
    }
    Ok(plain)
}

#[test]
fn the_check_of_these_tests_finds_what_is_not_well_formed() {
    for wrong in ["<a>", "<a></b>", "<a x=1></a>", "<a>&</a>", "<a>&b;</a>", "<a x=\"\" y></a>", "a<b", "<a>\u{1b}</a>"]
    {
        assert!(well_formed(wrong).is_err(), "{wrong}");
    }
    assert!(well_formed("<a x=\"&lt;\"><b/>c</a>").is_ok());
}

#[test]
fn every_item_and_every_route_can_be_found_in_the_picture() {
    let hospital = hospital();
    let (tags, texts) = well_formed(&svg(&hospital)).unwrap();
    for item in &hospital.items {
        assert!(tags.contains(&format!("g class=\"item {}\" data-item=\"{}\"", item.kind, item.name)), "{item:?}");
        assert!(texts.contains(&item.name), "{item:?}");
    }
    for route in &hospital.routes {
        let (from, to) = (&route.from, &route.to);
        assert!(tags.iter().any(|tag| tag.ends_with(&format!("data-from=\"{from}\" data-to=\"{to}\""))), "{route:?}");
        let carries = format!("{}: {}", route.target, route.messages.join(", "));
        assert!(texts.contains(&format!("{from} → {to}, {carries}")), "{route:?}");
        assert!(texts.contains(&carries), "there is room for the label {carries}");
    }
    let back: Vec<_> = tags.iter().filter(|tag| tag.starts_with("g class=\"route back\"")).collect();
    assert_eq!(back, ["g class=\"route back\" data-from=\"error_handler\" data-to=\"router\""]);
}

#[test]
fn routes_between_the_same_items_are_one_line() {
    let twice = production(
        "Twice",
        "service in: In\noperation out: Out\nin orders out: Order\nin results out: Result, Correction",
    );
    let (tags, texts) = well_formed(&svg(&twice)).unwrap();
    assert_eq!(tags.iter().filter(|tag| tag.starts_with("g class=\"route")).count(), 1);
    let title = "in → out, orders: Order\nin → out, results: Result, Correction";
    assert!(texts.iter().any(|text| text == title), "{texts:?}");
}

#[test]
fn a_route_between_no_items_is_left_out() {
    let stray = production("Stray", "service in: In\nin out nowhere: Order\nnobody out in: Order");
    let (tags, _) = well_formed(&svg(&stray)).unwrap();
    assert!(!tags.iter().any(|tag| tag.contains("route")), "{tags:?}");
}

#[test]
fn a_long_name_is_shortened_and_stands_whole_in_the_title() {
    let name = "a_name_that_is_far_too_long_for_any_box_of_any_picture";
    let long = production("Long", &format!("service {name}: Component\noperation short: Component"));
    let drawn = svg(&long);
    let (_, texts) = well_formed(&drawn).unwrap();
    assert!(!drawn.contains(&format!(">{name}</text>")), "{drawn}");
    assert!(texts.iter().any(|text| text.starts_with("a_name_that_is_") && text.ends_with('…')), "{texts:?}");
    assert!(texts.contains(&format!("{name}: service Component")), "{texts:?}");
}

/// A graph whose every name tries to break out of its place.
fn hostile() -> GraphDocument {
    let name = "</text></title><script>alert(\"1\")</script>&amp;'\u{0}\u{1b}[31m\u{202e}\n]]>";
    serde_json::from_value(json!({
        "production": name, "doc": name,
        "items": [
            {"name": name, "doc": name, "kind": name, "component": name, "entrance": name, "messages": [name],
             "settings": []},
            {"name": "", "doc": "", "kind": "service", "component": "", "entrance": "", "messages": [], "settings": []},
        ],
        "routes": [{"from": name, "target": name, "to": "", "messages": [name]}],
    }))
    .unwrap()
}

#[test]
fn no_name_breaks_out_of_its_place() {
    let drawn = svg(&hostile());
    let (tags, texts) = well_formed(&drawn).unwrap();
    assert!(!tags.iter().any(|tag| tag.starts_with("script")), "{drawn}");
    let shown = "</text></title><script>alert(\"1\")</script>&amp;'\u{fffd}\u{fffd}[31m\u{fffd}\n]]>";
    assert!(texts.iter().any(|text| text == shown), "{texts:?}");
}

#[test]
fn a_production_without_items_is_an_empty_picture() {
    let (tags, texts) = well_formed(&svg(&production("Empty", ""))).unwrap();
    assert!(tags[0].starts_with("svg xmlns=\"http://www.w3.org/2000/svg\""), "{tags:?}");
    assert!(texts.contains(&"0 items · 0 routes".to_owned()), "{texts:?}");
    assert!(!tags.iter().any(|tag| tag.contains("data-")), "{tags:?}");
}
