//! Messages that go round: an item that bounds how often they come lets no more of them pass.

use iop::message::{Status, SuspendReason};
use iop::prelude::*;

use crate::kit::Lab;

#[message]
pub struct Ball {
    /// How often it was passed on.
    passed: u32,
}

#[business_service]
pub struct Serve {
    #[target]
    out: Target<Ball>,
}

#[handlers]
impl Serve {
    async fn on_process_input(&mut self, ball: Ball, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, ball).await?;
        Ok(())
    }
}

/// Passes every ball on.
#[business_process]
pub struct Player {
    #[target(async)]
    other: Target<Ball>,
}

#[handlers]
impl Player {
    async fn ball(&mut self, ball: Ball, cx: &mut Context) -> Result {
        cx.send_request_async(&self.other, Ball { passed: ball.passed + 1 }).response_required(false).await?;
        Ok(())
    }
}

/// Passes every ball on when it has heard of the one before.
#[business_process]
pub struct Careful {
    #[target(async)]
    scorer: Target<Ball>,
    #[target(async)]
    other: Target<Ball>,
}

#[handlers]
impl Careful {
    async fn ball(&mut self, ball: Ball, cx: &mut Context) -> Result {
        cx.send_request_async(&self.scorer, ball).await?;
        Ok(())
    }

    async fn on_response(&mut self, scored: Response<Ball>, cx: &mut Context) -> Result {
        let passed = scored.request.passed + 1;
        cx.send_request_async(&self.other, Ball { passed }).response_required(false).await?;
        Ok(())
    }
}

#[business_operation]
pub struct Scorer;

#[handlers]
impl Scorer {
    async fn ball(&mut self, _ball: Ball) -> Result {
        Ok(())
    }
}

production! {
    pub Rally {
        alerts none;
        serve: Serve { out: left },
        #[item(max_hops = 3)]
        left: Player { other: right },
        right: Player { other: left },
    }
}

production! {
    pub CarefulRally {
        alerts none;
        serve: Serve { out: left },
        #[item(max_hops = 2)]
        left: Careful { scorer: scorer, other: right },
        #[item(max_hops = 9)]
        right: Player { other: left },
        scorer: Scorer {},
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_more_often_than_allowed_is_suspended_and_says_why() {
    let lab = Lab::start::<Rally>().await;
    lab.call("serve", r#"{"passed":0}"#).await.expect("taken");
    lab.until_idle().await;
    let left = lab.requests_to("left").await;
    assert_eq!(
        left.iter().map(|header| header.status).collect::<Vec<_>>(),
        [Status::Completed, Status::Completed, Status::Completed, Status::Suspended]
    );
    assert_eq!(left[3].reason, Some(SuspendReason::MaxHops));
    assert_eq!(
        left[3].error.as_deref(),
        Some("this chain of messages has come to `left` more than 3 times (`max_hops = 3`)")
    );
    assert_eq!(lab.requests_to("right").await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_input_has_a_chain_of_its_own() {
    let lab = Lab::start::<Rally>().await;
    for _ in 0..2 {
        lab.call("serve", r#"{"passed":0}"#).await.expect("taken");
        lab.until_idle().await;
    }
    let left = lab.requests_to("left").await;
    assert_eq!(left.iter().filter(|header| header.status == Status::Completed).count(), 6);
    assert_eq!(left.iter().filter(|header| header.status == Status::Suspended).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_counted_through_the_responses_that_a_process_waits_for_and_across_a_crash() {
    let lab = Lab::start::<CarefulRally>().await;
    lab.call("serve", r#"{"passed":0}"#).await.expect("taken");
    let lab = lab.crash_and_restart::<CarefulRally>().await;
    lab.until_idle().await;
    let left = lab.requests_to("left").await;
    assert_eq!(
        left.iter().map(|header| header.status).collect::<Vec<_>>(),
        [Status::Completed, Status::Completed, Status::Suspended]
    );
}
