//! Transient requests that are awaited go from turn to turn as values, and keep what every message is promised.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use iop::director::{BusinessService, DirectorError};
use iop::engine::Stop;
use iop::message::{Header, Status};
use iop::prelude::*;
use iop::production::Production;
use iop::store::Viewer;

use crate::kit::Lab;

/// What a person has in mind; not `Clone`, so that it is tried again from its JSON.
#[message(transient, response = Solution)]
pub struct Question {
    text: String,
}

#[message(transient, response = Solution)]
#[derive(Clone)]
pub struct Inquiry {
    text: String,
    number: u32,
}

#[message(transient)]
#[derive(Clone, PartialEq)]
pub struct Solution {
    text: String,
}

#[message(response = Solution)]
pub struct Letter {
    text: String,
}

/// Takes questions from outside.
#[business_service]
pub struct Desk {
    #[target]
    experts: Target<Inquiry>,
    #[target]
    writer: Target<Inquiry>,
}

#[handlers]
impl Desk {
    async fn on_process_input(&mut self, question: Question, cx: &mut Context) -> Result<Solution> {
        let text = question.text;
        let limit = if text == "slow" { Duration::from_secs(5) } else { Duration::from_secs(60) };
        let to = if text == "by post" { &self.writer } else { &self.experts };
        Ok(cx.send_request_sync(to, Inquiry { text, number: 0 }).timeout(limit).await?)
    }
}

/// Passes inquiries on.
#[business_process]
pub struct Experts {
    #[target]
    archive: Target<Inquiry>,
}

#[handlers]
impl Experts {
    async fn on_message(&mut self, inquiry: Inquiry, cx: &mut Context) -> Result<Solution> {
        Ok(cx.send_request_sync(&self.archive, inquiry).await?)
    }
}

/// Asks by letter.
#[business_process]
pub struct Writer {
    #[target]
    post: Target<Letter>,
    #[state]
    answered: String,
}

#[handlers]
impl Writer {
    async fn on_message(&mut self, inquiry: Inquiry, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.post, Letter { text: inquiry.text }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Letter>) -> Result {
        self.answered = response.result?.text;
        Ok(())
    }

    async fn on_complete(&mut self, inquiry: Inquiry) -> Result<Solution> {
        Ok(Solution { text: format!("{}: {}", inquiry.number, self.answered) })
    }
}

static SEEN: Mutex<Vec<Header>> = Mutex::new(Vec::new());
static TRIES: AtomicUsize = AtomicUsize::new(0);

/// Knows the answers.
#[business_operation]
pub struct Archive;

#[handlers]
impl Archive {
    async fn look_up(&mut self, inquiry: Inquiry, cx: &mut Context) -> Result<Solution> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        match inquiry.text.as_str() {
            "seen" => SEEN.lock().unwrap_or_else(PoisonError::into_inner).extend(cx.message().cloned()),
            "twice" if attempt == 0 => return Err(Error::retry("once more")),
            "panic" if attempt == 0 => panic!("the archive burns"),
            "never" => return Err(Error::fatal("nobody knows")),
            "slow" => tokio::time::sleep(Duration::from_secs(30)).await,
            "hangs" if TRIES.fetch_add(1, Ordering::SeqCst) == 0 => std::future::pending().await,
            _ => {}
        }
        Ok(Solution { text: format!("{} {attempt}", inquiry.text) })
    }
}

/// Answers letters.
#[business_operation]
pub struct Post;

#[handlers]
impl Post {
    async fn answer(&mut self, letter: Letter) -> Result<Solution> {
        Ok(Solution { text: format!("{} answered", letter.text) })
    }
}

production! {
    /// Questions, and who knows the answers.
    pub Bureau {
        desk: Desk { experts: experts, writer: writer },
        #[item(pool_size = 2)]
        experts: Experts { archive: archive },
        #[item(timeout = "20s", backoff = "1s")]
        archive: Archive {},
        writer: Writer { post: post },
        post: Post {},
    }
}

async fn ask(desk: &BusinessService, text: &str) -> Result<String, DirectorError> {
    desk.on_process_input(Question { text: text.to_owned() }).await.map(|answer| answer.text)
}

/// A production that has looked into its store, so that nothing is in front of what comes on the express way.
async fn open<P: Production>(service: &str) -> (Lab, BusinessService) {
    let lab = Lab::start::<P>().await;
    lab.until_idle().await;
    let service = lab.director().get_business_service(service).unwrap_or_else(|error| panic!("{error}"));
    (lab, service)
}

#[tokio::test(start_paused = true)]
async fn an_awaited_transient_request_leaves_nothing_in_the_store() {
    let (lab, desk) = open::<Bureau>("desk").await;
    assert_eq!(ask(&desk, "what").await.as_deref(), Ok("what 0"));
    lab.until_idle().await;
    assert_eq!(lab.messages().await, []);
    let completed: u64 = lab.director().status().items.iter().map(|item| item.completed).sum();
    assert_eq!(completed, 3);
}

#[tokio::test(start_paused = true)]
async fn the_header_of_a_transient_request_says_where_it_comes_from_and_its_id_does_not_change() {
    let (lab, desk) = open::<Bureau>("desk").await;
    assert_eq!(ask(&desk, "seen").await.as_deref(), Ok("seen 0"));
    let seen = std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner));
    let [header] = &seen[..] else { panic!("{seen:#?}") };
    assert_eq!((header.source.as_deref(), header.target.as_deref()), (Some("experts"), Some("archive")));
    assert_eq!((&*header.type_name, header.position), ("Inquiry", 0));
    // The session is that of the question, which is the parent of the parent.
    let question = header.session.input();
    assert_ne!(header.parent, Some(question));
    let body = |number: u32| format!(r#"{{"text":"seen","number":{number}}}"#);
    let derive = |parent: MessageId, item: &str| {
        parent.derive(&[&0_u32.to_le_bytes(), item.as_bytes(), b"Inquiry", body(0).as_bytes()])
    };
    let inquiry = derive(question, "experts");
    assert_eq!((header.parent, header.id), (Some(inquiry), derive(inquiry, "archive")));
    drop(lab);
}

#[tokio::test(start_paused = true)]
async fn a_transient_request_that_fails_is_tried_again_with_what_it_held() {
    let (lab, desk) = open::<Bureau>("desk").await;
    assert_eq!(ask(&desk, "twice").await.as_deref(), Ok("twice 1"));
    assert_eq!(ask(&desk, "panic").await.as_deref(), Ok("panic 1"));
    lab.until_idle().await;
    assert_eq!(lab.messages().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_transient_request_that_fails_for_good_is_kept_for_a_person() {
    let (lab, desk) = open::<Bureau>("desk").await;
    // Those in between go on trying, with what is the same request each time.
    let call = tokio::spawn(async move { ask(&desk, "never").await });
    let kept = lab.until("archive", Status::Suspended).await;
    let body = lab.store.find(kept.id).await.unwrap().map(|message| message.body);
    assert_eq!(body.as_deref(), Some(br#"{"text":"never","number":0}"#.as_slice()));
    assert!(matches!(call.await.unwrap(), Err(DirectorError::Suspended { .. } | DirectorError::TimedOut { .. })));
    assert_eq!(lab.requests_to("archive").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_of_a_transient_request_waits_no_longer_than_its_timeout() {
    let (lab, desk) = open::<Bureau>("desk").await;
    let begun = tokio::time::Instant::now();
    let call = tokio::spawn(async move { ask(&desk, "slow").await });
    // The service tries again what timed out.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let failed = lab.director().status().items[0].failed;
    assert_eq!((failed, begun.elapsed().as_secs()), (1, 6));
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_a_transient_request_that_hangs_is_cut_off() {
    let (lab, desk) = open::<Bureau>("desk").await;
    assert_eq!(ask(&desk, "hangs").await.as_deref(), Ok("hangs 1"));
    assert_eq!(lab.director().status().items[2].failed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_waits_for_a_response_answers_a_transient_request_later() {
    let (lab, desk) = open::<Bureau>("desk").await;
    assert_eq!(ask(&desk, "by post").await.as_deref(), Ok("0: by post answered"));
    lab.until_idle().await;
}

/// Takes as long as it is told.
#[business_service]
pub struct Slow;

static ORDER: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[handlers]
impl Slow {
    async fn on_process_input(&mut self, question: Question, cx: &mut Context) -> Result<Solution> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let attempt = cx.message().map_or(0, |header| header.attempt);
        if question.text == "first" && attempt == 0 {
            return Err(Error::retry("once more"));
        }
        ORDER.lock().unwrap_or_else(PoisonError::into_inner).push(question.text.clone());
        Ok(Solution { text: question.text })
    }
}

production! {
    /// One after the other.
    pub Counter {
        #[item(backoff = "5s")]
        slow: Slow {},
    }
}

#[tokio::test(start_paused = true)]
async fn transient_requests_keep_their_order_when_the_first_one_fails() {
    let (lab, slow) = open::<Counter>("slow").await;
    let (first, second, third, more) =
        tokio::join!(ask(&slow, "first"), ask(&slow, "second"), ask(&slow, "third"), async {
            // While the first one waits for its next attempt.
            tokio::time::sleep(Duration::from_secs(2)).await;
            ask(&slow, "fourth").await
        });
    for (answer, text) in [(first, "first"), (second, "second"), (third, "third"), (more, "fourth")] {
        assert_eq!(answer.as_deref(), Ok(text));
    }
    let mut order = ORDER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    order.retain(|text| ["first", "second", "third", "fourth"].contains(&text.as_str()));
    assert_eq!(order, ["first", "second", "third", "fourth"]);
    drop(lab);
}

static OTHERS_RAN: AtomicBool = AtomicBool::new(false);

/// Asks until somebody else has run.
#[business_service]
pub struct Impatient {
    #[target]
    archive: Target<Inquiry>,
}

#[handlers]
impl Impatient {
    async fn on_process_input(&mut self, question: Question, cx: &mut Context) -> Result<Solution> {
        let mut asked = 0;
        while !OTHERS_RAN.load(Ordering::SeqCst) {
            asked += 1;
            if asked > 100_000 {
                return Err(Error::fatal("nobody else has run"));
            }
            cx.send_request_sync(&self.archive, Inquiry { text: question.text.clone(), number: asked }).await?;
        }
        Ok(Solution { text: asked.to_string() })
    }
}

production! {
    /// One who asks, and one who knows.
    pub Quiz {
        impatient: Impatient { archive: archive },
        archive: Archive {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_has_to_wait_for_its_answers_lets_others_run() {
    let (lab, impatient) = open::<Quiz>("impatient").await;
    let asking = tokio::spawn(async move { ask(&impatient, "now?").await });
    let other = tokio::spawn(async { OTHERS_RAN.store(true, Ordering::SeqCst) });
    other.await.unwrap();
    let asked: u32 = asking.await.unwrap().unwrap().parse().unwrap();
    assert!(asked > 0, "it was asking when the other one had its turn");
    drop(lab);
}

#[tokio::test(start_paused = true)]
async fn a_production_is_not_idle_while_a_transient_request_is_under_way() {
    let (lab, slow) = open::<Counter>("slow").await;
    let begun = tokio::time::Instant::now();
    let call = tokio::spawn(async move { (ask(&slow, "one").await, tokio::time::Instant::now()) });
    tokio::time::sleep(Duration::from_millis(1)).await;
    lab.until_idle().await;
    let idle = tokio::time::Instant::now();
    let (answer, answered) = call.await.unwrap();
    assert!(answer.is_ok());
    assert!(
        answered > begun && idle >= answered,
        "idle after {:?}, answered after {:?}",
        idle - begun,
        answered - begun
    );
    drop(lab);
}

#[tokio::test(start_paused = true)]
async fn stopping_an_item_fails_the_callers_of_transient_requests_at_once() {
    let (counter, slow) = open::<Counter>("slow").await;
    let waiting = slow.clone();
    let call = tokio::spawn(async move { ask(&waiting, "held").await });
    let behind = tokio::spawn(async move { ask(&slow, "behind").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = tokio::time::Instant::now();
    let director = counter.director();
    let stopped = director.stop_item("slow", Stop::Drain(Duration::from_secs(60)));
    let (stopped, call, behind) = tokio::join!(stopped, async { (call.await, begun.elapsed()) }, behind);
    assert_eq!(stopped, Ok(true));
    assert_eq!((call.0.unwrap(), call.1), (Err(DirectorError::Stopped("slow".to_owned())), Duration::ZERO));
    assert_eq!(behind.unwrap(), Err(DirectorError::Stopped("slow".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn senders_wait_for_room_in_a_full_queue() {
    let (lab, slow) = open::<Counter>("slow").await;
    let calls = (0..1_100).map(|number| {
        let slow = slow.clone();
        tokio::spawn(async move { ask(&slow, &number.to_string()).await })
    });
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let waiting = lab.director().status().items[0].queued;
    assert_eq!(waiting, 1_024, "the others are not in the queue yet");
    tokio::time::sleep(Duration::from_millis(10_500)).await;
    assert_eq!(lab.director().status().items[0].queued, 1_024, "each that leaves lets one in");
    for call in &calls {
        call.abort();
    }
    drop(lab);
}
