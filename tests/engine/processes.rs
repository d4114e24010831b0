//! Processes that wait for responses without holding a worker.

use iop::director::DirectorError;
use iop::message::{Kind, Status};
use iop::prelude::*;

use crate::kit::Lab;

#[message(response = Offer)]
pub struct Inquiry {
    product: String,
    /// What the suppliers do: `ok`, `fatal`, `silent`.
    how: String,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Offer {
    prices: Vec<String>,
}

#[message(response = Price)]
pub struct AskPrice {
    product: String,
    how: String,
}

#[message]
pub struct Price {
    cents: u32,
}

#[message]
pub struct Note {
    text: String,
}

/// Asks two suppliers and answers when both have.
#[business_process]
pub struct Buyer {
    #[target]
    first: Target<AskPrice>,
    #[target]
    second: Target<AskPrice>,
    #[target]
    archive: Target<Note>,
    #[state]
    prices: Vec<String>,
}

#[handlers]
impl Buyer {
    async fn on_message(&mut self, inquiry: Inquiry, cx: &mut Context) -> Result<Pending> {
        let ask = || AskPrice { product: inquiry.product.clone(), how: inquiry.how.clone() };
        let wait = Duration::from_secs(20);
        cx.send_request_async(&self.first, ask()).completion_key("first").timeout(wait).await?;
        cx.send_request_async(&self.second, ask()).completion_key("second").timeout(wait).await?;
        let text = format!("asked for {}", inquiry.product);
        cx.send_request_async(&self.archive, Note { text }).response_required(false).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<AskPrice>) -> Result {
        let price = match response.result {
            Ok(price) => format!("{} cents", price.cents),
            Err(RequestError::TimedOut { .. }) => "no answer".to_owned(),
            Err(error) => format!("no offer ({error})"),
        };
        self.prices.push(format!("{}: {price}", response.completion_key));
        Ok(())
    }

    async fn on_complete(&mut self, _inquiry: Inquiry) -> Result<Offer> {
        self.prices.sort();
        Ok(Offer { prices: std::mem::take(&mut self.prices) })
    }
}

/// Knows a price.
#[business_operation]
pub struct Supplier {
    #[setting]
    cents: u32,
}

#[handlers]
impl Supplier {
    async fn price(&mut self, ask: AskPrice) -> Result<Price> {
        match ask.how.as_str() {
            "fatal" => Err(Error::fatal("out of business")),
            "silent" => std::future::pending().await,
            _ => Ok(Price { cents: self.cents + u32::try_from(ask.product.len())? }),
        }
    }
}

/// Keeps notes.
#[business_operation]
pub struct Archive;

#[handlers]
impl Archive {
    async fn keep(&mut self, note: Note) -> Result {
        info!("{}", note.text);
        Ok(())
    }
}

production! {
    /// A buyer and two suppliers.
    pub Market {
        #[item(standalone)]
        buyer: Buyer { first: cheap, second: dear, archive: archive },
        #[item(timeout = "1000s")]
        cheap: Supplier { cents: 100 },
        dear: Supplier { cents: 900 },
        archive: Archive {},
    }
}

fn inquiry(how: &str) -> String {
    format!(r#"{{"product":"ink","how":"{how}"}}"#)
}

#[tokio::test(start_paused = true)]
async fn the_value_of_on_complete_reaches_the_caller_after_every_response() {
    let lab = Lab::start::<Market>().await;
    let offer = lab.call("buyer", &inquiry("ok")).await;
    assert_eq!(offer.as_deref(), Ok(r#"{"prices":["first: 103 cents","second: 903 cents"]}"#));
    lab.until_idle().await;
    let messages = lab.messages().await;
    assert!(messages.iter().all(|header| header.status.is_finished()), "{messages:#?}");
    // The note wanted no response, so none was made.
    let responses = messages.iter().filter(|header| header.kind == Kind::Response);
    assert_eq!(responses.filter(|header| header.source.as_deref() == Some("archive")).count(), 0);
    // The alarms of answered calls are gone.
    let timers: Vec<Status> =
        messages.iter().filter(|header| header.kind == Kind::Timer).map(|header| header.status).collect();
    assert_eq!(timers, [Status::Expired, Status::Expired]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_suspended_comes_to_on_response_as_an_error() {
    let lab = Lab::start::<Market>().await;
    let offer = lab.call("buyer", &inquiry("fatal")).await.expect("answered");
    assert_eq!(offer.matches("suspended the request (poison): out of business").count(), 2, "{offer}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_in_time_comes_to_on_response_as_an_error() {
    let lab = Lab::start::<Market>().await;
    let begun = tokio::time::Instant::now();
    let offer = lab.call("buyer", &inquiry("silent")).await;
    assert_eq!(offer.as_deref(), Ok(r#"{"prices":["first: no answer","second: no answer"]}"#));
    assert_eq!(begun.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_waiting_process_survives_a_crash_between_its_responses() {
    let lab = Lab::start::<Market>().await;
    let director = lab.director();
    director.stop_item("dear", iop::engine::Stop::Now).await.expect("known item");
    let body = inquiry("ok");
    let id = MessageId::random();
    let call = tokio::spawn(async move { director.call_json("buyer", None, body.as_bytes(), Some(id)).await });
    lab.until("cheap", Status::Completed).await;
    // The first response was processed, the second is still to come.
    while !lab.messages().await.iter().any(|header| {
        header.kind == Kind::Response && header.source.as_deref() == Some("cheap") && header.status == Status::Completed
    }) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    let lab = lab.crash_and_restart::<Market>().await;
    let called = lab.director().call_json("buyer", None, inquiry("ok").as_bytes(), Some(id)).await;
    let offer = called.map(|called| called.response.unwrap_or_default());
    assert_eq!(offer, Ok(r#"{"prices":["first: 103 cents","second: 903 cents"]}"#.into()));
    assert_eq!(lab.requests_to("cheap").await.len(), 1, "nobody is asked twice");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_fit_is_refused_with_the_path_of_the_field_and_nothing_is_stored() {
    let lab = Lab::start::<Market>().await;
    let refused = lab.call("buyer", r#"{"product":7,"how":"ok"}"#).await;
    let Err(DirectorError::Invalid { invalid, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(invalid.path, "product");
    assert!(lab.messages().await.is_empty());
}

#[message(response = Price)]
pub struct Haggle {
    product: String,
}

/// Asks, waits for somebody else, and fails before it has succeeded: meanwhile the first answer comes.
#[business_process]
pub struct Haggler {
    #[target]
    supplier: Target<AskPrice>,
    #[target]
    other: Target<AskPrice>,
    #[state]
    cents: u32,
    attempts: u32,
}

#[handlers]
impl Haggler {
    async fn on_message(&mut self, haggle: Haggle, cx: &mut Context) -> Result<Pending> {
        let ask = AskPrice { product: haggle.product.clone(), how: "ok".into() };
        cx.send_request_async(&self.supplier, ask).await?;
        let ask = AskPrice { product: haggle.product, how: "ok".into() };
        cx.send_request_sync(&self.other, ask).await?;
        self.attempts += 1;
        if self.attempts < 2 {
            return Err(Error::retry("not convinced"));
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<AskPrice>) -> Result {
        self.cents = response.result?.cents;
        Ok(())
    }

    async fn on_complete(&mut self, _haggle: Haggle) -> Result<Price> {
        Ok(Price { cents: self.cents })
    }
}

production! {
    /// A haggler with two workers, so that nothing holds a response back but the engine.
    pub Bazaar {
        #[item(standalone, pool_size = 2)]
        haggler: Haggler { supplier: cheap, other: dear },
        cheap: Supplier { cents: 100 },
        dear: Supplier { cents: 900 },
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_comes_before_its_turn_has_succeeded_is_not_lost() {
    let lab = Lab::start::<Bazaar>().await;
    // Each worker counts its own attempts, so there are two or three of them; all send the same call.
    assert_eq!(lab.call("haggler", r#"{"product":"ink"}"#).await.as_deref(), Ok(r#"{"cents":103}"#));
    assert_eq!(lab.requests_to("cheap").await.len(), 1);
    lab.until_idle().await;
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}

/// Makes a call of its own when all is complete.
#[business_process]
pub struct Tidy {
    #[target]
    supplier: Target<AskPrice>,
    #[state]
    cents: u32,
}

#[handlers]
impl Tidy {
    async fn on_message(&mut self, haggle: Haggle, cx: &mut Context) -> Result<Pending> {
        cx.send_request_async(&self.supplier, AskPrice { product: haggle.product, how: "ok".into() }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<AskPrice>) -> Result {
        self.cents += response.result?.cents;
        Ok(())
    }

    async fn on_complete(&mut self, haggle: Haggle, cx: &mut Context) -> Result<Price> {
        if self.cents > 1000 {
            // Far too often: let the test end.
            std::future::pending::<()>().await;
        }
        cx.send_request_async(&self.supplier, AskPrice { product: haggle.product, how: "ok".into() }).await?;
        Ok(Price { cents: self.cents })
    }
}

production! {
    /// One that is tidy.
    pub Order {
        #[item(standalone)]
        tidy: Tidy { supplier: cheap },
        cheap: Supplier { cents: 100 },
    }
}

#[tokio::test(start_paused = true)]
async fn on_complete_is_called_once_and_its_answer_waits_for_the_calls_that_it_made() {
    let lab = Lab::start::<Order>().await;
    assert_eq!(lab.call("tidy", r#"{"product":"ink"}"#).await.as_deref(), Ok(r#"{"cents":103}"#));
    lab.until_idle().await;
    assert_eq!(lab.requests_to("cheap").await.len(), 2);
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}
