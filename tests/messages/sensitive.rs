//! Planted values that may be seen nowhere.

use std::collections::BTreeMap;

use iop::message::MASK;
use iop::prelude::*;
use iop_tests::rig::Rig;
use serde_json::{Value, json};

const PLANTED: &str = "planted-4711";

#[message(part)]
#[derive(Debug, Clone)]
struct Contact {
    #[sensitive]
    #[serde(alias = "telephone")]
    phone: Option<String>,
    kind: String,
}

#[message(part)]
#[derive(Debug, Clone)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

#[message(part)]
#[derive(Debug, Clone)]
#[serde(tag = "kind")]
enum Finding {
    Normal {
        text: String,
    },
    Critical {
        #[sensitive]
        text: String,
    },
}

#[message(name = "patient", version = 2, upgrade = from_v1)]
#[derive(Debug, Clone)]
struct Patient {
    #[key]
    mrn: String,
    #[sensitive]
    name: String,
    #[sensitive]
    born: u32,
    contacts: Vec<Contact>,
    by_name: BTreeMap<String, Contact>,
    findings: Vec<Finding>,
    tree: Option<Tree>,
    pair: (String, Pin),
    ward: u8,
}

#[message(part)]
#[derive(Debug, Clone)]
struct Pin(#[sensitive] u32, bool);

#[message(part)]
struct PatientV1 {
    mrn: String,
    #[sensitive]
    surname: String,
}

fn from_v1(old: PatientV1) -> Patient {
    let pair = (String::new(), Pin(0, false));
    let (contacts, by_name) = (Vec::new(), BTreeMap::new());
    Patient {
        mrn: old.mrn,
        name: old.surname,
        born: 0,
        contacts,
        by_name,
        findings: Vec::new(),
        tree: None,
        pair,
        ward: 1,
    }
}

fn patient() -> Patient {
    let contact = Contact { phone: Some(PLANTED.into()), kind: "home".into() };
    Patient {
        mrn: "1".into(),
        name: PLANTED.into(),
        born: 4711,
        contacts: vec![contact.clone(), Contact { phone: None, kind: "work".into() }],
        by_name: BTreeMap::from([("a".into(), contact)]),
        findings: vec![Finding::Normal { text: "seen".into() }, Finding::Critical { text: PLANTED.into() }],
        tree: Some(Tree { name: "root".into(), children: Vec::new() }),
        pair: ("shown".into(), Pin(4711, true)),
        ward: 3,
    }
}

/// Says what it gets, as people do while they look for a mistake.
#[business_operation]
struct Ward;

#[handlers]
impl Ward {
    async fn on_message(&mut self, patient: Patient) -> Result {
        info!("got {patient:?} of {}", patient.mrn);
        Err(Error::fatal(format!("no bed for {patient:?}")))
    }
}

production! {
    Hospital {
        #[item(standalone)]
        ward: Ward {},
    }
}

#[test]
fn debug_of_a_message_shows_what_is_not_sensitive() {
    let shown = format!("{:?}", patient());
    assert!(!shown.contains("4711"), "{shown}");
    assert!(
        shown.starts_with("Patient { mrn: \"1\", name: ***, born: ***, contacts: [Contact { phone: ***"),
        "{shown}"
    );
    assert!(shown.contains("Critical { text: *** }") && shown.contains("Normal { text: \"seen\" }"), "{shown}");
    assert!(shown.contains("Pin(***, true)"), "{shown}");
}

#[test]
fn a_body_is_shown_without_its_sensitive_values_wherever_they_stand() {
    let body = serde_json::to_value(patient()).expect("it is JSON");
    let masked = Patient::TYPE.masked(2, body);
    assert!(!masked.to_string().contains("4711"), "{masked}");
    assert_eq!(masked["mrn"], "1");
    assert_eq!(masked["name"], MASK);
    assert_eq!(masked["contacts"], json!([{ "phone": MASK, "kind": "home" }, { "phone": null, "kind": "work" }]));
    assert_eq!(masked["findings"][0]["text"], "seen");
    assert_eq!(masked["pair"], json!(["shown", [MASK, true]]));
}

#[test]
fn an_older_body_is_masked_by_its_own_version_and_one_of_an_unknown_version_is_not_shown_at_all() {
    let old = json!({ "mrn": "1", "surname": PLANTED, "name": PLANTED });
    assert_eq!(Patient::TYPE.masked(1, old.clone()), json!({ "mrn": "1", "surname": MASK, "name": MASK }));
    assert_eq!(Patient::TYPE.masked(3, old), Value::from(MASK));
}

#[test]
fn an_error_of_decoding_does_not_quote_a_sensitive_value() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut body = serde_json::to_value(patient()).expect("it is JSON");
        change(&mut body);
        Patient::TYPE.accept(body.to_string().as_bytes()).expect_err("it does not fit").to_string()
    };
    assert_eq!(refused(&|body| body["born"] = PLANTED.into()), "field `born`: invalid type: string, expected u32");
    let tag = refused(&|body| body["findings"][1]["kind"] = "Worse".into());
    assert_eq!(tag, "field `findings[1].kind`: unknown variant `Worse`, expected `Normal` or `Critical`");
    let inside = refused(&|body| body["findings"][1]["text"] = json!({ PLANTED: PLANTED }));
    assert!(!inside.contains(PLANTED), "{inside}");
    let number = refused(&|body| body["name"] = 4711.into());
    assert_eq!(number, "field `name`: invalid type: integer, expected a string");
    let shown = refused(&|body| body["ward"] = "seven".into());
    assert_eq!(shown, "field `ward`: invalid type: string \"seven\", expected u8");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_said_of_a_message_has_its_sensitive_values() {
    let rig = Rig::start::<Hospital>().await;
    let refused = rig.try_call("ward", &patient()).await.expect_err("there is no bed").to_string();
    assert!(refused.contains("no bed for") && !refused.contains("4711"), "{refused}");
    let broken = format!(r#"{{"mrn":"1","name":{{"x":"{PLANTED}"}}}}"#);
    let invalid = rig.director().call_json("ward", None, broken.as_bytes(), None).await.expect_err("does not fit");
    assert!(!invalid.to_string().contains(PLANTED), "{invalid}");
    let messages = rig.messages().await;
    assert!(messages[0].error.as_deref().is_some_and(|error| error.contains("name: ***")), "{messages:?}");
    let events = rig.events(iop::store::EventQuery::default()).await;
    assert!(events.iter().any(|event| event.text.contains("got Patient")), "{events:?}");
    let said = format!("{messages:?} {events:?}");
    assert!(!said.contains("4711"), "{said}");
}

#[test]
fn the_schema_of_a_type_marks_its_keys_and_what_nobody_may_see() {
    #[message]
    struct Visit {
        #[key]
        number: u32,
        #[sensitive]
        diagnosis: String,
        #[serde(alias = "room")]
        ward: String,
        scan: Blob,
    }
    let schema = Visit::TYPE.schema();
    let of = |field: &str| &schema["properties"][field];
    assert_eq!(of("number")["x-iop-key"], true);
    assert_eq!(of("diagnosis")["x-iop-sensitive"], true);
    assert_eq!(of("ward")["x-iop-aliases"], serde_json::json!(["room"]));
    assert!(of("number").get("x-iop-sensitive").is_none() && of("diagnosis").get("x-iop-key").is_none());
    // A reference, not a content, wherever the schema keeps what it is.
    assert!(schema.to_string().contains("\"x-iop-blob\":true"), "{schema}");
}
