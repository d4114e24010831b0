//! Targets that are out: for an hour of virtual time, and for seconds of real time in several ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use iop::prelude::*;
use iop::testing::TestProduction;

use super::kills::{kept, repeated};
use super::trial::Trial;
use crate::driver::Load;
use crate::figures::Figure;
use crate::scenarios::Scale;
use crate::target::Manner;
use crate::trouble::{self, until};

#[message]
pub(crate) struct Letter {
    number: u64,
}

/// Sends letters.
#[business_service]
pub(crate) struct Mailroom {
    #[target]
    out: Target<Letter>,
}

#[handlers]
impl Mailroom {
    async fn on_process_input(&mut self, letter: Letter, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, letter).response_required(false).await?;
        Ok(())
    }
}

/// Cannot be reached, until the test says otherwise.
#[business_operation]
pub(crate) struct Post;

#[handlers]
impl Post {
    async fn carry(&mut self, _: Letter) -> Result {
        Err(Error::unavailable("the post is not there"))
    }
}

/// What the test sees of the post.
#[derive(Debug, Default)]
struct Seen {
    out: AtomicBool,
    attempts: AtomicU64,
    carried: std::sync::Mutex<Vec<u64>>,
}

/// The post that the test has.
#[business_operation]
pub(crate) struct WatchedPost {
    seen: Arc<Seen>,
}

#[handlers]
impl WatchedPost {
    async fn carry(&mut self, letter: Letter) -> Result {
        self.seen.attempts.fetch_add(1, Ordering::Relaxed);
        if self.seen.out.load(Ordering::Relaxed) {
            return Err(Error::unavailable("the post is not there"));
        }
        self.seen.carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(letter.number);
        Ok(())
    }
}

production! {
    /// Letters that the post carries, in order.
    pub(crate) Letters {
        alerts none;
        desk: Mailroom { out: post },
        post: Post {},
    }
}

/// Scenario 16, in virtual time: an hour.
pub(super) fn hour(scale: Scale) -> trouble::Result<Vec<Figure>> {
    const LETTERS: u64 = 500;
    let (attempts, lines, carried, drain) = iop::testing::run(async {
        let seen = Arc::new(Seen::default());
        seen.out.store(true, Ordering::Relaxed);
        let post = {
            let seen = Arc::clone(&seen);
            move || WatchedPost { seen: Arc::clone(&seen) }
        };
        let run = TestProduction::<Letters>::new().replace::<Post, WatchedPost>("post", post).start().await;
        for number in 0..LETTERS {
            run.call("desk", Letter { number }).await?;
        }
        run.advance(Duration::from_secs(3_600)).await;
        let attempts = seen.attempts.load(Ordering::Relaxed);
        let lines = run.log().await.len();
        seen.out.store(false, Ordering::Relaxed);
        let begin = run.now();
        run.until_idle().await;
        let drain = run.now().since(begin);
        let carried = seen.carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let found: trouble::Result<_> = Ok((attempts, lines, carried, drain));
        found
    })?;
    let in_order = carried == (0..LETTERS).collect::<Vec<_>>();
    let mut figures = vec![
        Figure::promise("an hour out: letters carried, in order", LETTERS, carried.len(), in_order)?,
        Figure::promise("an hour out: attempts", "130 or fewer", attempts, attempts <= 130)?,
        Figure::measured(
            "an hour out: log lines",
            "60 or fewer",
            lines,
            lines <= 60,
            "each attempt that fails has a line of its own",
        ),
        Figure::shown("an hour out: empty again after, virtual", format!("{drain:.1?}")),
    ];
    figures.extend(minutes(scale)?);
    Ok(figures)
}

/// Scenario 16, in real time: connections that are closed, and a target that is silent.
fn minutes(scale: Scale) -> trouble::Result<Vec<Figure>> {
    let out = Duration::from_secs(scale.of(3, 15));
    let trial = Trial::new()?;
    let engine = trial.site.start()?;
    let driver = trial.drive(&Load { pause: Duration::from_millis(20), ..Load::default() });
    trial.acknowledged(100)?;
    let mut attempts = Vec::new();
    for manner in [Manner::Closes, Manner::Silent] {
        let before = trial.site.target.attempts();
        trial.site.target.behave(manner);
        std::thread::sleep(out);
        attempts.push(trial.site.target.attempts() - before);
        trial.site.target.behave(Manner::Answers);
        let wanted = trial.ledger.acked_count();
        until("what waited is delivered", Duration::from_secs(120), || Ok(trial.site.target.count() >= wanted))?;
    }
    let verdict = trial.end(driver, engine)?;
    let mut figures = kept(&verdict)?;
    figures.push(Figure::shown(
        &format!("{} s closed, {} s silent: attempts", out.as_secs(), out.as_secs()),
        format!("{}, {}", attempts[0], attempts[1]),
    ));
    figures.push(repeated(&verdict));
    Ok(figures)
}
