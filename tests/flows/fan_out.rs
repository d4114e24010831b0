//! One message to several items.

use iop::message::{Kind, Status};
use iop::prelude::*;
use iop_tests::rig::Rig;

#[message(response = Quote)]
#[derive(Clone)]
pub struct AskQuote {
    goods: String,
}

#[message]
pub struct Quote {
    cents: u32,
}

#[message]
#[derive(Clone)]
pub struct Notice {
    text: String,
}

/// What the desk is asked to do.
#[message(response = Said)]
pub struct Do {
    how: String,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Said {
    lines: Vec<String>,
}

/// Asks several at once, in every way.
#[business_process]
pub struct Desk {
    #[target]
    suppliers: Targets<(AskQuote, Notice)>,
    #[target]
    copies: Targets<Notice>,
    #[target]
    audit: Option<Target<(Notice, AskQuote)>>,
    #[target]
    rest: Target<Notice>,
    #[state]
    lines: Vec<String>,
}

#[handlers]
impl Desk {
    async fn on_message(&mut self, what: Do, cx: &mut Context) -> Result<Pending> {
        let ask = AskQuote { goods: "ink".into() };
        let notice = Notice { text: what.how.clone() };
        match what.how.as_str() {
            "all" => {
                for call in cx.call_all(&self.suppliers, ask).await {
                    self.lines.push(match call.response {
                        Ok(quote) => format!("{}: {}", call.target, quote.cents),
                        Err(error) => error.to_string(),
                    });
                }
            }
            "first" => {
                let (item, quote) = cx.call_first(&self.suppliers, ask).await?;
                self.lines.push(format!("{item}: {}", quote.cents));
            }
            "none" => match cx.call_first(&self.copies.iter().take(0).cloned().collect::<Vec<_>>(), notice).await {
                Ok(_) => self.lines.push("answered".into()),
                Err(error) => self.lines.push(error.to_string()),
            },
            "tell" => {
                let copies = cx.send_to_all(&self.copies, notice.clone()).response_required(false).await?;
                let audit = cx.send_to_all(&self.audit, notice).description("for the audit").await?;
                self.lines.push(format!("{copies} copies, {audit} to the audit"));
            }
            "responses" => drop(cx.send_to_all(&self.suppliers, ask).await?),
            "fails" => {
                cx.send_to_all(&self.copies, notice).await?;
                return Err(Error::fatal("after the fan-out"));
            }
            name => {
                let to = self.copies.choose(name).otherwise(&self.rest);
                cx.send_request_async(to, notice.clone()).response_required(false).await?;
                let to = self.copies.choose(name).or_suspend()?;
                cx.send_request_async(to, notice).response_required(false).await?;
            }
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<AskQuote>) -> Result {
        self.lines.push(format!("{}: {}", response.completion_key, response.result.is_ok()));
        Ok(())
    }

    async fn on_complete(&mut self, _: Do) -> Result<Said> {
        self.lines.sort_by_key(|line| line.starts_with("slow"));
        Ok(Said { lines: std::mem::take(&mut self.lines) })
    }
}

/// Gives a quote after a while, or never.
#[business_operation]
pub struct Supplier {
    #[setting]
    after: Duration,
    #[setting(default = false)]
    broken: bool,
}

#[handlers]
impl Supplier {
    async fn quote(&mut self, ask: AskQuote) -> Result<Quote> {
        tokio::time::sleep(self.after).await;
        if self.broken {
            return Err(Error::fatal(format!("no {}", ask.goods)));
        }
        Ok(Quote { cents: u32::try_from(self.after.as_millis())? })
    }

    async fn note(&mut self, notice: Notice) -> Result {
        info!("{}", notice.text);
        Ok(())
    }
}

production! {
    /// A desk with three suppliers and two listeners.
    pub Fan {
        #[item(standalone)]
        desk: Desk { suppliers: [slow, broken, quick], copies: [quick, slow], audit: quick, rest: rest },
        slow: Supplier { after: "300ms" },
        broken: Supplier { after: "10ms", broken: true },
        quick: Supplier { after: "100ms" },
        rest: Supplier { after: "0s" },
    }
}

production! {
    /// A desk whose audit is not wired.
    pub Unaudited {
        #[item(standalone)]
        desk: Desk { suppliers: [], copies: [rest], rest: rest },
        rest: Supplier { after: "0s" },
    }
}

async fn said(rig: &Rig, how: &str) -> Vec<String> {
    rig.call("desk", &Do { how: how.into() }).await.lines
}

#[tokio::test(start_paused = true)]
async fn all_are_asked_at_once_and_one_that_fails_does_not_hide_the_others() {
    let rig = Rig::start::<Fan>().await;
    let begun = tokio::time::Instant::now();
    let lines = said(&rig, "all").await;
    assert_eq!(lines, ["`broken` suspended the request (poison): no ink", "quick: 100", "slow: 300"]);
    assert_eq!(begun.elapsed().as_millis() / 10, 30, "as long as the slowest");
}

#[tokio::test(start_paused = true)]
async fn the_first_response_counts_and_the_others_are_stored_as_late() {
    let rig = Rig::start::<Fan>().await;
    let begun = tokio::time::Instant::now();
    assert_eq!(said(&rig, "first").await, ["quick: 100"]);
    assert_eq!(begun.elapsed().as_millis() / 10, 10, "as long as the quickest that answers");
    rig.until_idle().await;
    let messages = rig.messages().await;
    let late: Vec<_> = messages.iter().filter(|message| message.kind == Kind::Response && message.late).collect();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].source.as_deref(), Some("slow"));
}

#[tokio::test(start_paused = true)]
async fn asking_nobody_is_an_error_that_says_so() {
    let rig = Rig::start::<Fan>().await;
    assert_eq!(said(&rig, "none").await, ["there is no item to ask: the list of targets is empty"]);
}

#[tokio::test(start_paused = true)]
async fn a_fan_out_goes_to_every_route_and_an_optional_target_is_a_list_of_one_or_none() {
    let rig = Rig::start::<Fan>().await;
    assert_eq!(said(&rig, "tell").await, ["2 copies, 1 to the audit"]);
    rig.until_idle().await;
    let notices = rig.messages_of::<Notice>().await;
    let to: Vec<_> = notices.iter().map(|notice| notice.target.as_deref().unwrap_or_default()).collect();
    assert_eq!(to, ["quick", "slow", "quick"]);
    assert_eq!(notices[2].description.as_deref(), Some("for the audit"));
    assert_eq!(rig.said_by::<Supplier>("slow").await, ["tell"]);

    let rig = Rig::start::<Unaudited>().await;
    assert_eq!(said(&rig, "tell").await, ["1 copies, 0 to the audit"]);
}

#[tokio::test(start_paused = true)]
async fn each_response_to_a_fan_out_of_a_process_names_its_item() {
    let rig = Rig::start::<Fan>().await;
    assert_eq!(said(&rig, "responses").await, ["broken: false", "quick: true", "slow: true"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_after_its_fan_out_has_sent_nothing() {
    let rig = Rig::start::<Fan>().await;
    assert!(rig.try_call("desk", &Do { how: "fails".into() }).await.is_err());
    rig.until_idle().await;
    assert_eq!(rig.messages_of::<Notice>().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_choice_by_name_that_fits_nothing_goes_otherwise_or_waits_for_a_person() {
    let rig = Rig::start::<Fan>().await;
    said(&rig, "slow").await;
    let notices = rig.messages_of::<Notice>().await;
    assert!(notices.iter().all(|notice| notice.target.as_deref() == Some("slow")) && notices.len() == 2);

    let refused = rig.try_call("desk", &Do { how: "fast".into() }).await.map(|said| said.lines);
    assert!(refused.is_err());
    rig.until_idle().await;
    let messages = rig.messages_of::<Do>().await;
    let suspended = messages.iter().find(|message| message.status == Status::Suspended).expect("it waits");
    assert_eq!(suspended.error.as_deref(), Some("`fast` fits none of the routes: `quick`, `slow`"));
}

/// Sends what only one of a target's types is.
#[business_process]
pub struct Both {
    #[target]
    out: Target<(AskQuote, Notice)>,
    #[target]
    many: Targets<(AskQuote, Notice)>,
    #[target]
    maybe: Option<Target<(AskQuote, Notice)>>,
}

#[handlers]
impl Both {
    async fn on_message(&mut self, what: Do, cx: &mut Context) -> Result<Said> {
        let (ask, notice) = (AskQuote { goods: "ink".into() }, Notice { text: what.how });
        cx.send_request_async(&self.out, notice.clone()).await?;
        let quote = cx.send_request_sync(&self.out, ask.clone()).await?;
        let mut cents = vec![quote.cents];
        let optional = self.maybe.iter().chain(&self.many);
        cents.extend(cx.call_all(optional, ask).await.into_iter().filter_map(|call| Some(call.response.ok()?.cents)));
        cx.send_to_all(&self.many, notice.clone()).await?;
        cx.send_to_all(&self.maybe, notice).await?;
        Ok(Said { lines: cents.iter().map(ToString::to_string).collect() })
    }
}

production! {
    /// Targets of two message types.
    pub TwoTypes {
        #[item(standalone)]
        both: Both { out: a, many: [a, b], maybe: b },
        a: Supplier { after: "1ms" },
        b: Supplier { after: "2ms" },
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_target_carries_several_message_types() {
    let rig = Rig::start::<TwoTypes>().await;
    assert_eq!(rig.call("both", &Do { how: "x".into() }).await.lines, ["1", "2", "1", "2"]);
    rig.until_idle().await;
    let of =
        |all: Vec<iop::message::Header>| all.into_iter().filter(|header| header.target.as_deref() == Some("b")).count();
    assert_eq!(of(rig.messages_of::<Notice>().await), 2);
    assert_eq!(of(rig.messages_of::<AskQuote>().await), 2);
}
