//! What a message may hold, and that it comes out as it went in.

use std::collections::BTreeMap;

use iop::prelude::*;
use iop_tests::rig::Rig;
use serde::{Deserialize, Serialize};

/// An amount to the cent: a type of the user's own, which is text outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Money {
    cents: i64,
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}.{:02}", self.cents / 100, self.cents % 100))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let cents = text
            .split_once('.')
            .filter(|(_, cents)| cents.len() == 2)
            .and_then(|(whole, cents)| Some(whole.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?));
        cents.map(|cents| Self { cents }).ok_or_else(|| serde::de::Error::custom("not an amount such as 12.50"))
    }
}

impl schemars::JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^-?\d+\.\d\d$" })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
enum Shape {
    Point,
    Circle(f64),
    Rectangle { width: f64, height: f64 },
    Group(Vec<Shape>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
struct Line {
    text: String,
    price: Money,
}

/// One of everything.
#[message(response = Everything)]
#[derive(Debug, Clone, PartialEq)]
struct Everything {
    unit: (),
    pair: (u8, String),
    least: i64,
    most: u64,
    tenth: f64,
    nothing: Option<String>,
    something: Option<Option<u8>>,
    bytes: Vec<u8>,
    unicode: String,
    shapes: Vec<Shape>,
    lines: Vec<Line>,
    by_name: BTreeMap<String, Line>,
    date: std::time::SystemTime,
    took: Duration,
    boxed: Box<Line>,
    array: [char; 3],
}

fn everything() -> Everything {
    let line = Line { text: "a \"quoted\" \\ line\n\u{0}\u{2028}".into(), price: Money { cents: 123_456_789_012 } };
    Everything {
        unit: (),
        pair: (255, String::new()),
        least: i64::MIN,
        most: u64::MAX,
        tenth: 0.1 + 0.2,
        nothing: None,
        something: Some(Some(1)),
        bytes: (0..=255).collect(),
        unicode: "żółć 日本語 🦀 e\u{301} \u{202e}".into(),
        shapes: vec![
            Shape::Point,
            Shape::Circle(1e-300),
            Shape::Group(vec![Shape::Rectangle { width: 1.5, height: -0.0 }]),
        ],
        lines: vec![line.clone(), line.clone()],
        by_name: BTreeMap::from([(String::new(), line.clone()), ("ключ".into(), line.clone())]),
        date: std::time::SystemTime::UNIX_EPOCH + Duration::new(4_000_000_000, 123_456_789),
        took: Duration::new(1, 1),
        boxed: Box::new(line),
        array: ['a', 'ß', '🦀'],
    }
}

/// Gives back what it gets.
#[business_operation]
struct Mirror;

#[handlers]
impl Mirror {
    async fn on_message(&mut self, everything: Everything) -> Result<Everything> {
        Ok(everything)
    }

    async fn load(&mut self, load: Load) -> Result<Load> {
        Ok(load)
    }
}

#[message(response = Load)]
#[derive(Debug, Clone, PartialEq)]
struct Load {
    text: String,
}

production! {
    Mirroring {
        #[item(standalone)]
        mirror: Mirror {},
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_value_comes_out_as_it_went_in_and_is_stored_so() {
    let rig = Rig::start::<Mirroring>().await;
    let sent = everything();
    assert_eq!(rig.call("mirror", &sent).await, sent);
    for message in rig.messages_of::<Everything>().await {
        assert_eq!(rig.body::<Everything>(message.id).await, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_many_megabytes_is_a_body() {
    let rig = Rig::start::<Mirroring>().await;
    let sent = Load { text: "0123456789abcdef".repeat(2 << 20) };
    assert!(rig.call("mirror", &sent).await == sent, "another text came back");
    let stored = rig.messages_of::<Load>().await;
    assert!(rig.body::<Load>(stored[0].id).await == sent, "another text was stored");
}

#[tokio::test(start_paused = true)]
async fn a_field_of_the_wrong_type_or_a_missing_one_is_named_with_its_path_and_nothing_is_stored() {
    let rig = Rig::start::<Mirroring>().await;
    let mut body = serde_json::to_value(everything()).expect("it is JSON");
    let mut refused = async |change: &dyn Fn(&mut serde_json::Value)| {
        let before = body.clone();
        change(&mut body);
        let text = serde_json::to_vec(&body).expect("it is JSON");
        body = before;
        let refused = rig.director().call_json("mirror", Some("Everything"), &text, None).await;
        refused.expect_err("it does not fit").to_string()
    };
    assert_eq!(
        refused(&|body| body["lines"][1]["price"] = "12".into()).await,
        "the body is not a `Everything`: field `lines[1].price`: not an amount such as 12.50"
    );
    let missing = refused(&|body| drop(body["boxed"].as_object_mut().and_then(|line| line.remove("text")))).await;
    assert_eq!(missing, "the body is not a `Everything`: field `boxed.text`: missing");
    let wrong = refused(&|body| body["shapes"][0] = "Hexagon".into()).await;
    assert!(wrong.contains("field `shapes[0]`: unknown variant `Hexagon`"), "{wrong}");
    assert_eq!(rig.messages().await, []);
}

/// A message that is one of several things.
#[message(response = Admission)]
#[derive(Debug, Clone, PartialEq)]
enum Admission {
    Empty,
    Moved(String),
    Pair(u8, Money),
    Patient {
        name: String,
        #[serde(default)]
        bed: Option<u32>,
    },
}

#[business_operation]
struct Desk;

#[handlers]
impl Desk {
    async fn admit(&mut self, admission: Admission) -> Result<Admission> {
        Ok(admission)
    }
}

production! {
    Admitting {
        #[item(standalone)]
        desk: Desk {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_enum_is_a_message_with_variants_of_every_kind() {
    let rig = Rig::start::<Admitting>().await;
    let patient = Admission::Patient { name: "Jane".into(), bed: Some(7) };
    for sent in [Admission::Empty, Admission::Moved("W2".into()), Admission::Pair(1, Money { cents: 1250 }), patient] {
        assert_eq!(rig.call("desk", &sent).await, sent);
    }
    let bodies: Vec<_> = rig.messages_of::<Admission>().await.into_iter().map(|header| header.id).collect();
    let stored: serde_json::Value = rig.json(*bodies.last().expect("eight messages")).await;
    assert_eq!(stored, serde_json::json!({ "Patient": { "name": "Jane", "bed": 7 } }));
    let refused = rig.director().call_json("desk", None, br#"{ "Patient": { "bed": 7 } }"#, None).await;
    let error = refused.expect_err("it does not fit").to_string();
    assert_eq!(error, "the body is not a `Admission`: field `Patient.name`: missing");
}

#[tokio::test(start_paused = true)]
async fn the_message_id_is_no_part_of_the_body() {
    let rig = Rig::start::<Mirroring>().await;
    rig.call("mirror", &Load { text: "x".into() }).await;
    for message in rig.messages().await {
        let body: serde_json::Value = rig.json(message.id).await;
        assert_eq!(body, serde_json::json!({ "text": "x" }));
    }
}
