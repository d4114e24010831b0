//! What stands inside messages: the compiler is asked about it, and it is stored and described as the derives alone do it.

use std::collections::{BTreeMap, HashMap};

use iop::prelude::*;
use schemars::schema_for;
use serde_json::{Value, json};

#[message(part)]
#[derive(Clone, Debug, Default, PartialEq)]
struct Ward {
    name: String,
    beds: Option<u8>,
}

type Perhaps = Option<Ward>;

/// The same types twice: `asked` as messages, whose parts the compiler is asked about, and `plain` with the derives alone.
macro_rules! twice {
    (@each #[$derives:meta] $({ $($ty:tt)* })*) => { $(
        #[$derives]
        #[derive(Clone, Debug, PartialEq)]
        $($ty)*
    )* };
    ($($types:tt)*) => {
        mod asked {
            use super::*;
            twice!(@each #[message(part)] $($types)*);
        }
        mod plain {
            use super::*;
            twice!(@each #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)] $($types)*);
        }
    };
}

twice! {
    {
        /// All places of a field.
        #[serde(rename_all = "camelCase")]
        pub(super) struct Admit {
            /// One.
            pub(super) ward: Ward,
            pub(super) earlier: Perhaps,
            #[serde(alias = "later", default)]
            pub(super) next_one: Ward,
            #[serde(default, skip_serializing_if = "HashMap::is_empty")]
            pub(super) by_day: HashMap<String, Vec<(Ward, u8)>>,
            pub(super) places: BTreeMap<String, [Ward; 2]>,
            #[serde(flatten)]
            pub(super) last: Ward,
            pub(super) change: Vec<Change>,
        }
    }
    {
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub(super) enum Change {
            /// Alone.
            In(Ward),
            Out { #[serde(rename = "whence")] from: Ward, to: Option<Box<Any>> },
            Nothing,
        }
    }
    {
        #[serde(untagged)]
        pub(super) enum Any {
            Ward(Ward),
            Two(Ward, Ward),
            Number(u32),
        }
    }
    { pub(super) struct Only(pub(super) Ward); }
    { pub(super) struct Both(pub(super) Ward, pub(super) Perhaps); }
}

fn admit() -> Value {
    let ward = json!({ "name": "north", "beds": 4 });
    json!({
        "ward": ward, "earlier": null, "nextOne": ward, "byDay": { "Mon": [[ward, 1]] }, "places": { "1": [ward, ward] },
        "change": [
            { "kind": "in", "name": "south", "beds": null }, { "kind": "out", "whence": ward, "to": [ward, ward] },
            { "kind": "nothing" },
        ],
        "name": "last", "beds": 7,
    })
}

/// What is read of a text, or why it is not.
fn read<T: serde::de::DeserializeOwned + serde::Serialize>(body: &Value) -> Result<Value, String> {
    let read: T = serde_json::from_str(&body.to_string()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(read).expect("it can be written"))
}

#[test]
fn a_part_that_the_compiler_is_asked_about_is_stored_as_it_would_be_else() {
    let mut bodies = vec![admit()];
    for missing in ["ward", "earlier", "nextOne", "byDay", "name", "change"] {
        let mut body = admit();
        body.as_object_mut().expect("an object").remove(missing);
        bodies.push(body);
    }
    for (place, wrong) in [("ward", json!(3)), ("earlier", json!("x")), ("byDay", json!([])), ("change", json!([{}]))] {
        let mut body = admit();
        body[place] = wrong;
        bodies.push(body);
    }
    for body in &bodies {
        assert_eq!(read::<asked::Admit>(body), read::<plain::Admit>(body), "{body}");
    }
    // All of it; and a type that may be missing may be missing by another name too.
    assert_eq!(read::<asked::Admit>(&bodies[0]), Ok(admit()));
    assert!(read::<asked::Admit>(&bodies[2]).is_ok());
    let ward = json!({ "name": "north", "beds": null });
    for body in [json!([ward, null]), json!([ward]), ward.clone(), json!([ward, ward]), json!(7), json!("x")] {
        assert_eq!(read::<asked::Any>(&body), read::<plain::Any>(&body), "{body}");
        assert_eq!(read::<asked::Only>(&body), read::<plain::Only>(&body), "{body}");
        assert_eq!(read::<asked::Both>(&body), read::<plain::Both>(&body), "{body}");
    }
}

#[test]
fn a_part_that_the_compiler_is_asked_about_is_described_as_it_would_be_else() {
    for (asked, plain) in [
        (schema_for!(asked::Admit), schema_for!(plain::Admit)),
        (schema_for!(asked::Change), schema_for!(plain::Change)),
        (schema_for!(asked::Any), schema_for!(plain::Any)),
        (schema_for!(asked::Only), schema_for!(plain::Only)),
        (schema_for!(asked::Both), schema_for!(plain::Both)),
    ] {
        let mut asked = asked.to_value();
        // The lock of the messages has these besides.
        without_our_own(&mut asked);
        assert_eq!(asked, plain.to_value());
    }
}

fn without_our_own(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with("x-iop-"));
            fields.values_mut().for_each(without_our_own);
        }
        Value::Array(values) => values.iter_mut().for_each(without_our_own),
        _ => {}
    }
}
