//! Content routers: a `match` as a process.

use iop::message::{Header, Status};
use iop::prelude::*;
use iop::production::{GraphDocument, Production};
use iop::store::EventQuery;
use iop_tests::rig::Rig;

#[message(part)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Class {
    Quake,
    Blast,
    Noise,
    Unknown,
}

/// Not `Clone`: a router needs no more of a message than that it is one.
#[message]
#[derive(Debug, PartialEq)]
pub struct Event {
    class: Class,
    magnitude: f64,
}

#[message(response = Answer)]
pub struct Question {
    topic: String,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Answer {
    by: String,
}

router! {
    /// Sends each event to those who want it.
    #[derive(Debug)]
    pub ByClass(event: &Event) {
        match event.class {
            Class::Quake if event.magnitude >= 5.0 => [quakes, alerts],
            Class::Quake => quakes,
            Class::Blast => blasts,
            Class::Noise => discard,
            Class::Unknown => suspend,
        }
    }
}

router! {
    /// Asks whoever knows.
    pub ByTopic(question: &Question) -> Answer {
        match question.topic.as_str() {
            "dogs" | "cats" => vet,
            topic if topic.starts_with("tax") => lawyer,
            otherwise => suspend,
        }
    }
}

#[business_operation]
pub struct Keeper {}

#[handlers]
impl Keeper {
    async fn keep(&mut self, event: Event, cx: &mut Context) -> Result {
        info!("{} keeps {:?}", cx.item(), event);
        Ok(())
    }

    async fn know(&mut self, question: Question, cx: &mut Context) -> Result<Answer> {
        Ok(Answer { by: format!("{} about {}", cx.item(), question.topic) })
    }
}

production! {
    /// Two routers.
    pub Watch {
        #[item(standalone)]
        by_class: ByClass { quakes: quakes, alerts: pager, blasts: blasts },
        #[item(standalone)]
        by_topic: ByTopic { vet: vet, lawyer: lawyer },
        quakes: Keeper {},
        pager: Keeper {},
        blasts: Keeper {},
        vet: Keeper {},
        lawyer: Keeper {},
    }
}

/// Where an event goes.
async fn routed(class: Class, magnitude: f64) -> (Vec<String>, Header, Rig) {
    let rig = Rig::start::<Watch>().await;
    let _ = rig.try_call("by_class", &Event { class, magnitude }).await;
    rig.until_idle().await;
    let events = rig.messages_of::<Event>().await;
    for event in &events {
        assert_eq!(rig.body::<Event>(event.id).await, Event { class, magnitude });
    }
    let to = events.iter().skip(1).map(|event| event.target.as_deref().unwrap_or_default().to_owned()).collect();
    (to, events[0].clone(), rig)
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_where_the_first_arm_says_that_fits() {
    assert_eq!(routed(Class::Quake, 6.0).await.0, ["quakes", "pager"]);
    assert_eq!(routed(Class::Quake, 2.0).await.0, ["quakes"]);
    assert_eq!(routed(Class::Blast, 6.0).await.0, ["blasts"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_discarded_is_in_the_log_of_its_message() {
    let (to, event, rig) = routed(Class::Noise, 1.0).await;
    assert!(to.is_empty());
    assert_eq!(event.status, Status::Completed);
    let lines = rig.events(EventQuery { message: Some(event.id), ..EventQuery::default() }).await;
    let lines: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["discarded: Class::Noise"]);
}

#[tokio::test(start_paused = true)]
async fn what_no_target_shall_have_waits_for_a_person_with_the_reason() {
    let (to, event, _) = routed(Class::Unknown, 1.0).await;
    assert!(to.is_empty());
    assert_eq!(
        (event.status, event.error.as_deref()),
        (Status::Suspended, Some("`ByClass` suspends `Class::Unknown`"))
    );

    let rig = Rig::start::<Watch>().await;
    let refused = rig.try_call("by_topic", &Question { topic: "fish".into() }).await;
    let refused = refused.expect_err("nobody knows").to_string();
    assert!(refused.contains("no arm of `ByTopic` takes this message"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_router_with_a_response_gives_that_of_the_item_that_it_asks() {
    let rig = Rig::start::<Watch>().await;
    for (topic, by) in [("cats", "vet about cats"), ("taxes", "lawyer about taxes")] {
        assert_eq!(rig.call("by_topic", &Question { topic: topic.into() }).await, Answer { by: by.into() });
    }
}

#[test]
fn the_arms_of_a_router_stand_in_the_graph() {
    let document = GraphDocument::of(Watch::GRAPH, &Watch::wiring());
    let labels: Vec<_> = document.routes.iter().map(|route| route.label()).collect();
    assert_eq!(
        labels,
        [
            "quakes: Event when Class::Quake if event.magnitude >= 5.0 or Class::Quake",
            "alerts: Event when Class::Quake if event.magnitude >= 5.0",
            "blasts: Event when Class::Blast",
            r#"vet: Question when "dogs" | "cats""#,
            r#"lawyer: Question when topic if topic.starts_with("tax")"#,
        ]
    );
    assert!(document.mermaid().contains("blasts: Event when Class::Blast"));
    assert!(document.json().expect("JSON").contains("\"when\": \"Class::Blast\""));
    assert_eq!(document.items[0].doc, "Sends each event to those who want it.");
}
