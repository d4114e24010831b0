//! The turn of a message on the express way.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use tracing::Instrument;

use super::queue::ExpressDone;
use super::{Express, Seat};
use crate::clock::Timestamp;
use crate::component::{Answered, ComponentKind, Context, Entrance, Error, Incoming, Turn};
use crate::engine::ending::Attempt;
use crate::engine::envelope::Envelope;
use crate::engine::guard::{Failed, guarded};
use crate::engine::probe::CrashPoint;
use crate::engine::turn::EngineTurn;
use crate::engine::waiters::Delivered;
use crate::engine::waits::Open;
use crate::engine::worker::{EXPRESS_IN_A_ROW, InHand, Worker};
use crate::engine::{log, process};
use crate::message::Decoded;
use crate::store::{Commit, Step};

/// A message on the express way in the hands of a worker. When the worker is dropped in the middle, it goes back to the
/// queue, to take the ordinary way.
struct Hand {
    turn: Arc<EngineTurn>,
    seat: Seat,
    era: u64,
    /// It was answered, or goes on as another message.
    done: bool,
}

impl Hand {
    /// As a message of the ordinary way, whose sender goes on waiting; `None` where it was taken already.
    fn envelope(&mut self) -> Option<Envelope> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        let sent = self.turn.sent()?;
        let mut envelope = sent.envelope(&self.turn, self.turn.item.queue.busy(), self.seat.tie());
        envelope.era = self.era;
        self.turn.leave_express();
        self.turn.item.queue.left_express();
        self.turn.let_others_follow();
        Some(envelope)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if let Some(mut envelope) = self.envelope() {
            envelope.repeated = true;
            self.turn.item.queue.put_back(envelope);
        }
    }
}

/// What a handler has given.
enum Given {
    /// The turn is over, and gives nothing but its response.
    Plain(Answered),
    /// The turn is over.
    Response(Answered),
    /// It goes on in other turns.
    Held(Answered),
}

impl EngineTurn {
    /// Whoever waits for the express message of this turn waits for its id from now on, as on the ordinary way.
    pub(in crate::engine) fn leave_express(&self) {
        if let Some(sent) = self.sent()
            && let Some(seat) = sent.seat.get()
            && let Some((caller, reply)) = self.item.queue.answer(seat)
        {
            self.core.waiters.adopt(sent.id(&self.item), self.item.index, caller, reply);
        }
    }

    async fn halts_at(&self, point: CrashPoint) {
        if self.core.probe.is_some() {
            self.core.halts_at(point, &self.item, Some(self.origin())).await;
        }
    }

    fn passes(&self, point: CrashPoint) {
        if self.core.probe.is_some() {
            self.core.passes(point, &self.item, Some(self.origin()));
        }
    }

    /// What waits behind this message, in an item that keeps the order, leaves the express way with it.
    fn let_others_follow(&self) {
        let queue = &self.item.queue;
        while let Some(Express { turn, seat, .. }) = queue.next_in_order() {
            if let Some(sent) = turn.sent() {
                let envelope = sent.envelope(&turn, queue.busy(), seat.tie());
                sent.seat.take(seat);
                turn.leave_express();
                queue.keep_transient(envelope);
            }
            queue.left_express();
        }
    }
}

impl Worker {
    /// One turn; `true` when it panicked.
    pub(in crate::engine) async fn express_turn(&mut self, express: Express, era: u64) -> bool {
        let Express { turn, value, seat } = express;
        let sent = turn.sent().inspect(|sent| sent.seat.take(seat));
        // Asked of what is stored alone, so that no look at the clock is worth it.
        let begun = sent.map_or_else(|| self.core.clock.now(), |sent| sent.created);
        let mut hand = Hand { turn, seat, era, done: false };
        let mut cx = Context::new(Arc::clone(&hand.turn) as Arc<dyn Turn>);
        self.more = true;
        let span = log::express_span(&self.core, &self.item, &hand.turn);
        hand.turn.halts_at(CrashPoint::BeforeHandler).await;
        let ran = {
            // Pinned first: what is wrapped around it would move it.
            let run = pin!(self.run(&hand.turn, value, &mut cx));
            AssertUnwindSafe(run).catch_unwind().instrument(span.clone()).await
        };
        hand.turn.halts_at(CrashPoint::AfterHandler).await;
        let given = ran.unwrap_or_else(|panic| Err(Failed::panicked(&*panic)));
        let ended = match given {
            Ok(Given::Plain(answered)) => incoming(answered).map(|incoming| {
                hand.turn.passes(CrashPoint::BeforeCommit);
                self.respond(&mut hand, incoming, Commit::nothing());
            }),
            Ok(Given::Response(answered)) => incoming(answered).map(|incoming| self.end(&mut hand, incoming)),
            // Boxed: most turns have no room for it.
            Ok(Given::Held(answered)) => {
                return Box::pin(self.held(hand, (&mut cx, answered), begun)).instrument(span).await;
            }
            Err(failed) => Err(failed),
        };
        ended.is_err_and(|failed| {
            let attempt = Attempt::of(&hand.turn, failed);
            let _entered = span.enter();
            self.failed(hand, begun, attempt)
        })
    }

    async fn run(&mut self, turn: &Arc<EngineTurn>, value: Decoded, cx: &mut Context) -> Result<Given, Failed> {
        let Some(sent) = turn.sent() else { return Err(Failed::schema("an express turn without its message")) };
        self.instance.reset_state();
        let handler = match self.item.component().entrance {
            Entrance::Director { .. } => self.instance.process_input(value, cx),
            _ => self.instance.handle(sent.message, value, cx),
        };
        let Some(handler) = handler else {
            let (item, message) = (&self.item.name, sent.message.name);
            return Err(Failed::schema(format!("`{item}` has no handler for `{message}`")));
        };
        let answered = guarded(handler, turn, &self.pulse, || ()).await?;
        if matches!(answered, Answered::Response { .. } | Answered::Nothing) && turn.ends_plainly() {
            return Ok(Given::Plain(answered));
        }
        let goes_on = matches!(answered, Answered::Pending) || turn.holds(&Open::default());
        if self.item.kind() == ComponentKind::Process && goes_on {
            return Ok(Given::Held(answered.written()?));
        }
        Ok(Given::Response(turn.settled(answered)?))
    }

    /// Ends the turn: what it sent is submitted, and its sender has the response.
    fn end(&mut self, hand: &mut Hand, incoming: Option<Incoming>) {
        hand.turn.passes(CrashPoint::BeforeCommit);
        let sends = hand.turn.end();
        let commit = if sends.pending.is_empty() && sends.abandoned.is_empty() {
            Commit::nothing()
        } else if self.item.queue.is_of(hand.era) {
            let commit = self.core.submit(Step { abandon: sends.abandoned, ..Step::default() }, sends.pending);
            self.core.not_awaited(commit.clone());
            commit
        } else {
            // The store failed in between: whoever waits has been told.
            hand.done = true;
            self.item.queue.left_express();
            return;
        };
        self.respond(hand, incoming, commit);
    }

    /// The sender has the response; the worker is free.
    fn respond(&mut self, hand: &mut Hand, incoming: Option<Incoming>, commit: Commit) {
        let turn = &hand.turn;
        turn.passes(CrashPoint::AfterCommit);
        hand.done = true;
        self.item.completed.fetch_add(1, Ordering::Relaxed);
        self.item.noticed.active(turn.sent().map_or_else(|| self.core.clock.now(), |sent| sent.created));
        let goes_on = !self.pulse.is_stopping() && self.in_a_row < EXPRESS_IN_A_ROW;
        let loan = goes_on.then_some(&self.pulse.loan);
        let ExpressDone { reply, change, more, then } = self.item.queue.express_done(hand.seat, loan);
        (self.more, self.then) = (more, then);
        if let Some(change) = change {
            log::breaker(&self.item, change);
            self.item.queue.gate_changed();
        }
        if let (Some(reply), Some(incoming)) = (reply, incoming) {
            // Whoever has given up does not miss it.
            let _ = reply.send(Delivered { response: Ok(incoming), commit });
        }
    }

    /// The process waits for calls and timers: an ordinary turn from here on.
    async fn held(&mut self, mut hand: Hand, (cx, answered): (&mut Context, Answered), begun: Timestamp) -> bool {
        let turn = Arc::clone(&hand.turn);
        let mut hand = InHand { queue: Arc::clone(&self.item.queue), envelope: hand.envelope() };
        let Some(envelope) = hand.envelope.as_mut() else { return false };
        let outcome = process::after_request(self, envelope, &turn, cx, answered).await;
        let Some(envelope) = hand.take() else { return false };
        self.settle(envelope, begun, outcome)
    }

    fn failed(&mut self, mut hand: Hand, begun: Timestamp, attempt: Attempt) -> bool {
        let panicked = attempt.failed.panicked;
        if let Some(envelope) = hand.envelope()
            && self.item.queue.is_current(&envelope)
        {
            self.fail(envelope, begun, attempt);
        }
        panicked
    }
}

/// What the sender gets; `None` where it has it already.
fn incoming(answered: Answered) -> Result<Option<Incoming>, Failed> {
    match answered {
        Answered::Response { message, value, body, .. } => {
            Ok(Some(Incoming { value: Some(value), version: message.version, body }))
        }
        Answered::Nothing | Answered::Pending => Ok(Some(Incoming::nothing())),
        Answered::Replied => Ok(None),
        Answered::Deferred(_) => Err(Failed::from(Error::fatal("a transient request cannot be deferred"))),
    }
}
