//! The read model of a running production.

use std::collections::BTreeMap;

use iop::director::DirectorError;
use iop::director::view::{self, Shown, Sight, TraceExtent};
use iop::message;
use iop::message::{MessageId, SessionId, Status};
use iop::production::Registry;
use iop::store::{EventQuery, MessageQuery};
use iop_tests::lab::{Lab, Order};
use iop_tests::rig::Rig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn order(number: &str) -> Order {
    Order { number: number.to_owned(), patient: Some("Ann".to_owned()), amounts: vec![1, 2] }
}

/// The laboratory after one order that was measured, and one that failed for good.
async fn busy_lab() -> Rig {
    let lab = Rig::start::<Lab>().await;
    lab.call("intake", &order("A-1")).await;
    assert!(lab.try_call("analyser", &order("poison")).await.is_err());
    lab.until_idle().await;
    // What was said is in the log from here on.
    assert!(!lab.events(EventQuery::default()).await.is_empty());
    lab
}

/// Every shape that a form has to be made of.
#[message]
struct Shapes {
    nested: Nested,
    either: Either,
    tagged: Tagged,
    list: Vec<Nested>,
    pair: (u8, String),
    map: BTreeMap<String, Nested>,
    maybe: Option<Box<Nested>>,
    letter: char,
    share: f64,
    unit: (),
    small: i8,
    yes: bool,
    #[key]
    id: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Nested {
    name: String,
    inner: Vec<Nested>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Either {
    Left { height: u32 },
    Right(String),
    Neither,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Circle { radius: u32 },
    Square,
}

#[tokio::test]
async fn the_overview_counts_what_was_done_and_shows_what_is_wrong() {
    let lab = busy_lab().await;
    let overview = lab.director().overview().await.unwrap();
    let names: Vec<_> = overview.items.iter().map(|item| item.status.name.as_str()).collect();
    assert_eq!(names, ["intake", "nightly", "analyser"]);
    let [intake, _, analyser] = &overview.items[..] else { panic!("three items") };
    assert_eq!((intake.counts.completed, intake.counts.failed), (1, 0));
    assert_eq!((analyser.counts.completed, analyser.counts.failed_last_hour), (1, 1));
    assert_eq!((analyser.backlog.suspended, analyser.backlog.depth()), (1, 1));
    assert_eq!((overview.counts.completed, overview.counts.failed), (2, 1));
    assert_eq!(overview.series.iter().map(|moment| moment.completed).sum::<u64>(), 2);
    let [problem] = &overview.problems[..] else { panic!("one problem: {:?}", overview.problems) };
    assert_eq!((problem.status, problem.target.as_deref()), (Status::Suspended, Some("analyser")));
    assert!(problem.error.as_deref().unwrap().contains("there is no such substance"));
    // Of the two inputs, one has ended.
    assert_eq!(overview.latency.messages, 1);
    assert!(overview.latency.p95_micros >= overview.latency.p50_micros);
}

#[tokio::test]
async fn an_item_is_shown_with_its_settings_its_routes_and_what_it_said() {
    let lab = busy_lab().await;
    let item = lab.director().item("analyser").await.unwrap();
    let repetitions = item.settings.iter().find(|setting| setting.key == "analyser.repetitions").unwrap();
    assert_eq!((repetitions.value.as_deref(), repetitions.origin.to_string().as_str()), (Some("3"), "production!"));
    assert!(item.settings.iter().all(|setting| setting.key.starts_with("analyser.")));
    let from: Vec<_> = item.receives_from.iter().map(|route| (route.item, route.target)).collect();
    assert_eq!(from, [("intake", "out"), ("nightly", "out")]);
    assert_eq!((item.item.messages.as_slice(), item.item.takes_messages), (["Order"].as_slice(), true));
    assert_eq!(item.problems.len(), 1);
    let unknown = lab.director().item("analyzer").await.unwrap_err();
    assert!(matches!(unknown, DirectorError::UnknownItem { .. }) && unknown.to_string().contains("`analyser`"));
}

#[tokio::test]
async fn messages_come_in_pages_that_join_without_a_gap() {
    let lab = busy_lab().await;
    let director = lab.director();
    let all = director.messages(MessageQuery::default()).await.unwrap();
    assert_eq!((all.messages.len(), all.next), (5, None));
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = director.messages(MessageQuery { after, limit: 2, ..MessageQuery::default() }).await.unwrap();
        paged.extend(page.messages);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.messages);
}

#[tokio::test]
async fn a_body_is_withheld_masked_or_open_and_so_is_its_response() {
    let lab = busy_lab().await;
    let director = lab.director();
    let query = MessageQuery { status: Some(Status::Completed), ..MessageQuery::default() };
    let page = director.messages(query).await.unwrap();
    let input = page.messages.iter().find(|message| message.parent.is_none()).unwrap();
    let seen = async |sight| director.message(input.id, sight).await.unwrap();
    let withheld = seen(Sight::Withheld).await;
    assert_eq!((withheld.body.shown, &withheld.body.value), (Shown::Withheld, &Value::Null));
    assert_eq!(withheld.response.unwrap().body.value, Value::Null);
    let masked = seen(Sight::Masked).await;
    assert_eq!(masked.body.value, json!({"number": "A-1", "patient": "***", "amounts": [1, 2]}));
    assert_eq!(masked.response.unwrap().body.value, json!({"sum": 9}));
    let open = seen(Sight::Open).await;
    assert_eq!((open.body.shown, &open.body.value["patient"]), (Shown::Open, &json!("Ann")));
    let keys: Vec<_> = open.keys.iter().map(|key| (key.name.as_str(), key.value.as_str())).collect();
    assert_eq!(keys, [("number", "A-1")]);
    let nobody = MessageId::random();
    assert_eq!(director.message(nobody, Sight::Open).await.unwrap_err(), DirectorError::UnknownMessage(nobody));
}

#[tokio::test]
async fn a_message_knows_what_it_was_resent_as_and_from() {
    let lab = busy_lab().await;
    let director = lab.director();
    let failed = director.overview().await.unwrap().problems.remove(0);
    let resent = director.resend(failed.id, iop::director::Resend::by("ann")).await.unwrap();
    lab.until_idle().await;
    let old = director.message(failed.id, Sight::Withheld).await.unwrap();
    assert_eq!(old.resent_as.iter().map(|message| message.id).collect::<Vec<_>>(), [resent.id]);
    let new = director.message(resent.id, Sight::Withheld).await.unwrap();
    assert_eq!((new.resent_from, old.resent_from), (Some(failed.id), None));
}

#[tokio::test]
async fn any_message_of_a_session_leads_to_its_trace() {
    let lab = busy_lab().await;
    let director = lab.director();
    let query = MessageQuery { status: Some(Status::Completed), ..MessageQuery::default() };
    let last = director.messages(query).await.unwrap().messages.remove(0);
    assert_ne!(last.session.input(), last.id);
    let extent = TraceExtent { sight: Sight::Masked, ..TraceExtent::default() };
    let trace = director.trace(SessionId::of(last.id), extent).await.unwrap();
    assert_eq!((trace.session, trace.messages.len(), trace.more), (last.session, 4, false));
    let said: Vec<_> =
        trace.messages.iter().flat_map(|message| &message.events).map(|event| event.text.as_str()).collect();
    assert!(said.iter().any(|text| text.contains("order A-1 came in")), "{said:?}");
    assert_eq!(trace.messages[0].body.as_ref().unwrap()["patient"], json!("***"));
    // What a program outside reads is the same value.
    let text = serde_json::to_string(&trace).unwrap();
    let again: view::SessionTrace = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    let short = director.trace(last.session, TraceExtent { most: 2, ..TraceExtent::default() }).await.unwrap();
    assert_eq!((short.messages.len(), short.more, short.messages[0].body.as_ref()), (2, true, None));
}

#[tokio::test]
async fn the_event_log_comes_in_pages() {
    let lab = busy_lab().await;
    let director = lab.director();
    let all = director.events(EventQuery::default()).await.unwrap().events;
    let first = director.events(EventQuery { limit: 1, ..EventQuery::default() }).await.unwrap();
    assert_eq!((first.events.as_slice(), first.next), (&all[..1], Some(all[0].number)));
    let rest = director.events(EventQuery { after: first.next, ..EventQuery::default() }).await.unwrap();
    assert_eq!((rest.events.as_slice(), rest.next), (&all[1..], None));
}

#[test]
fn the_example_of_every_message_type_is_a_message_of_that_type() {
    let registry = Registry::linked().unwrap();
    let types = view::message_types();
    assert!(types.iter().any(|shown| shown.name == "Shapes") && types.iter().any(|shown| shown.name == "Order"));
    for shown in types {
        let body = serde_json::to_vec(&shown.example).unwrap();
        let accepted = registry.messages[shown.name].accept(&body);
        assert!(accepted.is_ok(), "{}: {} {:?}", shown.name, shown.example, accepted.err());
    }
}
