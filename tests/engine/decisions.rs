//! Callers and people: ids that are given twice, requests that are taken out, what is on record of a decision; and how many
//! calls may be open.

use bytes::Bytes;
use iop::director::{Act, Actor, By, DirectorError, Resend};
use iop::message::{Kind, Status};
use iop::prelude::*;
use iop::store::{AuditHash, AuditQuery, EventQuery, Viewer, verify_audit};

use crate::kit::Lab;

#[message(response = Echo)]
pub struct Say {
    text: String,
}

#[message]
pub struct Echo {
    text: String,
}

/// Says what it is told; `held` waits for ever, `bad` fails.
#[business_operation]
pub struct Parrot {
    /// Stands before what it says.
    #[setting]
    name: String,
}

#[handlers]
impl Parrot {
    async fn say(&mut self, say: Say) -> Result<Echo> {
        match say.text.as_str() {
            "held" => std::future::pending().await,
            "bad" => Err(Error::fatal("no")),
            text => Ok(Echo { text: format!("{}: {text}", self.name) }),
        }
    }
}

#[message(response = Count)]
pub struct Broadcast {
    calls: u32,
}

#[message]
pub struct Count {
    answers: u32,
}

/// Calls as often as it is told, and counts the answers.
#[business_process]
pub struct Herald {
    #[target]
    parrot: Target<Say>,
    #[state]
    answers: u32,
}

#[handlers]
impl Herald {
    async fn call(&mut self, broadcast: Broadcast, cx: &mut Context) -> Result<Pending> {
        for number in 0..broadcast.calls {
            let call = cx.send_request_async(&self.parrot, Say { text: number.to_string() });
            // Some have an alarm, which is to be cancelled.
            if number % 3 == 0 { call.timeout(Duration::from_secs(3600)).await? } else { call.await? }
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Say>) -> Result {
        response.result?;
        self.answers += 1;
        Ok(())
    }

    async fn on_complete(&mut self, _: Broadcast) -> Result<Count> {
        Ok(Count { answers: self.answers })
    }
}

production! {
    Aviary {
        #[item(standalone)]
        polly: Parrot { name: "polly" },
        #[item(standalone)]
        coco: Parrot { name: "coco" },
        #[item(standalone)]
        herald: Herald { parrot: polly },
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_used_at_another_item_is_refused_and_not_answered_with_the_others_answer() {
    let lab = Lab::start::<Aviary>().await;
    let id = Some(MessageId::random());
    let say = |item: &'static str| {
        let director = lab.director();
        async move { director.call_json(item, None, br#"{"text":"hello"}"#, id).await }
    };
    assert!(say("polly").await.is_ok() && say("polly").await.is_ok());
    let refused = say("coco").await;
    let Err(DirectorError::OtherMessage { of, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(of, "a `Say` to `polly`");
    assert!(lab.requests_to("coco").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_request_is_discarded_hears_of_it_at_once() {
    let lab = Lab::start::<Aviary>().await;
    let call = |text: &'static str| {
        let director = lab.director();
        let body = format!(r#"{{"text":"{text}"}}"#);
        tokio::spawn(async move { director.call_json("polly", None, body.as_bytes(), None).await })
    };
    let held = call("held");
    while lab.requests_to("polly").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let behind = call("behind");
    while lab.requests_to("polly").await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let start = tokio::time::Instant::now();
    let waiting = lab.requests_to("polly").await[1].id;
    assert_eq!(lab.director().discard(waiting, "ada").await, Ok(true));
    let told = behind.await.expect("no panic");
    assert!(matches!(told, Err(DirectorError::Removed(_))), "{told:?}");
    assert!(start.elapsed() < Duration::from_secs(1), "after {:?}", start.elapsed());
    held.abort();
}

#[tokio::test(start_paused = true)]
async fn who_resumes_a_message_is_in_the_event_log_with_why_it_was_suspended() {
    let lab = Lab::start::<Aviary>().await;
    assert!(lab.call("polly", r#"{"text":"bad"}"#).await.is_err());
    let suspended = lab.until("polly", Status::Suspended).await;
    assert_eq!(lab.director().resume(suspended.id, "ada").await, Ok(true));
    let query = EventQuery { message: Some(suspended.id), ..EventQuery::default() };
    let events = lab.store.events(query).await.expect("readable");
    assert!(events.iter().any(|event| event.text == "resumed by ada, suspended as poison"), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_may_have_thousands_of_open_calls_also_across_a_crash() {
    let lab = Lab::start::<Aviary>().await;
    let id = Some(MessageId::random());
    let body = br#"{"calls":3000}"#;
    let call = {
        let director = lab.director();
        tokio::spawn(async move { director.call_json("herald", None, body, id).await })
    };
    let answered = |headers: &[iop::message::Header]| {
        let responses = headers.iter().filter(|header| header.kind == Kind::Response);
        responses.filter(|header| header.status == Status::Completed).count()
    };
    while answered(&lab.messages().await) < 1000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    let lab = lab.crash_and_restart::<Aviary>().await;
    let called = lab.director().call_json("herald", None, body, id).await.expect("it is answered");
    assert_eq!(called.response.as_deref(), Some(&br#"{"answers":3000}"#[..]));
    lab.until_idle().await;
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status.is_finished()));
    let expired = messages.iter().filter(|header| header.kind == Kind::Timer && header.status == Status::Expired);
    assert_eq!(expired.count(), 1000, "the alarm of each third call is cancelled");
}

#[tokio::test(start_paused = true)]
async fn every_act_is_in_the_audit_log_with_who_why_and_what_came_of_it() {
    let lab = Lab::start::<Aviary>().await;
    assert!(lab.call("polly", r#"{"text":"bad"}"#).await.is_err());
    let suspended = lab.until("polly", Status::Suspended).await.id;
    let director = lab.director().acting_as(Actor::new("eve", "operator", "192.0.2.7"));
    let edited = Bytes::from_static(br#"{"text":"good"}"#);
    let mut resend = Resend::by(By::new("eve").because(" the sender fixed it "));
    resend.body = Some(edited.clone());
    director.resend(suspended, resend).await.expect("it fits");
    let mut resend = Resend::by("eve");
    resend.body = Some(Bytes::from_static(br#"{"text":7}"#));
    assert!(director.resend(suspended, resend).await.is_err());
    assert_eq!(director.discard(suspended, By::new("eve").because("sent again")).await, Ok(true));
    assert_eq!(director.resume(suspended, "eve").await, Ok(false));
    assert_eq!(director.stop_item("coco", iop::engine::Stop::Now).await, Ok(true));
    let viewed = Act::new("message.view", format!("message {suspended}"));
    director.record(viewed).await.expect("the store works");

    let entries = director.audit(AuditQuery { oldest_first: true, ..AuditQuery::default() }).await.expect("readable");
    assert!(entries.iter().all(|entry| &*entry.who == "eve" && &*entry.role == "operator"), "{entries:?}");
    assert!(entries.iter().all(|entry| &*entry.from == "192.0.2.7"), "{entries:?}");
    let acts: Vec<_> = entries.iter().map(|entry| (&*entry.action, entry.reason.as_deref())).collect();
    assert_eq!(
        acts,
        [
            ("message.resend", Some("the sender fixed it")),
            ("message.resend", None),
            ("message.discard", Some("sent again")),
            ("message.resume", None),
            ("item.stop", None),
            ("item.stop", None),
            ("message.view", None),
        ]
    );
    let [resent, refused, _, resumed, ..] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(*resent.object, format!("message {suspended}"));
    assert_eq!(resent.before, Some(AuditHash::of(br#"{"text":"bad"}"#)));
    assert_eq!(resent.after, Some(AuditHash::of(&edited)));
    assert!(resent.result.starts_with("done, as "), "{resent:?}");
    assert!(refused.result.contains("`text`") || refused.result.contains(".text"), "{refused:?}");
    assert_eq!(&*resumed.result, "nothing to do");
    verify_audit(&*lab.store, None).await.expect("the chain holds");
}
