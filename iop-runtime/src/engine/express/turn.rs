//! The turn of a message on the express way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use tracing::Instrument;

use super::queue::ExpressDone;
use super::{Express, Seat};
use crate::clock::Timestamp;
use crate::component::{Answered, ComponentKind, Context, Entrance, Error, Incoming};
use crate::engine::activity::Busy;
use crate::engine::ending::Attempt;
use crate::engine::envelope::Envelope;
use crate::engine::guard::{Failed, guarded};
use crate::engine::probe::CrashPoint;
use crate::engine::queue::Queue;
use crate::engine::turn::{EngineTurn, Handle};
use crate::engine::waiters::Delivered;
use crate::engine::waits::Open;
use crate::engine::worker::{InHand, Worker};
use crate::engine::{log, process};
use crate::message::Decoded;
use crate::store::{Commit, Step};

/// A message on the express way in the hands of a worker. When the worker is dropped in the middle, it goes back to the
/// queue, to take the ordinary way.
struct Hand {
    queue: Arc<Queue>,
    turn: Arc<EngineTurn>,
    seat: Seat,
    busy: Option<Busy>,
    era: u64,
}

impl Hand {
    /// As a message of the ordinary way, whose sender goes on waiting; `None` where it was taken already.
    fn envelope(&mut self) -> Option<Envelope> {
        let sent = self.turn.sent()?;
        let mut envelope = sent.envelope(&self.turn, self.busy.take()?, self.seat.tie());
        envelope.era = self.era;
        self.turn.leave_express();
        self.turn.let_others_follow();
        Some(envelope)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if let Some(mut envelope) = self.envelope() {
            envelope.repeated = true;
            self.queue.put_back(envelope);
        }
    }
}

/// What a handler has given.
enum Given {
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
            && let Some((caller, reply)) = self.item.queue.answer(*seat)
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
        while let Some(Express { turn, seat, busy, .. }) = self.item.queue.next_in_order() {
            let Some(sent) = turn.sent() else { continue };
            let envelope = sent.envelope(&turn, busy, seat.tie());
            let _ = sent.seat.set(seat);
            turn.leave_express();
            self.item.queue.keep_transient(envelope);
        }
    }
}

impl Worker {
    /// One turn; `true` when it panicked.
    pub(in crate::engine) async fn express_turn(&mut self, express: Express, era: u64) -> bool {
        let Express { turn, value, seat, busy } = express;
        let queue = Arc::clone(&self.item.queue);
        let _ = turn.sent().map(|sent| sent.seat.set(seat));
        let mut hand = Hand { queue, turn: Arc::clone(&turn), seat, busy: Some(busy), era };
        let mut cx = Context::new(Arc::new(Handle(Arc::clone(&turn))));
        self.more = true;
        let span = log::express_span(&self.core, &self.item, &turn);
        let begun = self.core.clock.now();
        turn.halts_at(CrashPoint::BeforeHandler).await;
        let ran = AssertUnwindSafe(self.run(&turn, value, &mut cx)).catch_unwind().instrument(span.clone()).await;
        turn.halts_at(CrashPoint::AfterHandler).await;
        let given = ran.unwrap_or_else(|panic| Err(Failed::panicked(&*panic)));
        let given = match given {
            Ok(Given::Response(answered)) => self.answer(&turn, answered, &hand),
            Ok(Given::Held(answered)) => {
                return self.held(hand, &turn, (&mut cx, answered), begun).instrument(span).await;
            }
            Err(failed) => Err(Attempt::of(&turn, failed)),
        };
        match given {
            Ok(()) => {
                hand.busy = None;
                false
            }
            Err(attempt) => {
                let _entered = span.enter();
                self.failed(hand, begun, attempt)
            }
        }
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
        let goes_on = matches!(answered, Answered::Pending) || turn.holds(&Open::default());
        if self.item.kind() == ComponentKind::Process && goes_on {
            return Ok(Given::Held(answered.written()?));
        }
        Ok(Given::Response(turn.settled(answered)?))
    }

    /// Ends the turn: what it sent is submitted, and its sender has the response.
    fn answer(&mut self, turn: &Arc<EngineTurn>, answered: Answered, hand: &Hand) -> Result<(), Attempt> {
        let incoming = match answered {
            Answered::Response { message, value, body, .. } => {
                Some(Incoming { value: Some(value), version: message.version, body })
            }
            Answered::Nothing | Answered::Pending => Some(Incoming::nothing()),
            Answered::Replied => None,
            Answered::Deferred(_) => {
                let fault = "a transient request cannot be deferred";
                return Err(Attempt::of(turn, Failed::from(Error::fatal(fault))));
            }
        };
        turn.passes(CrashPoint::BeforeCommit);
        let sends = turn.end();
        let commit = if sends.pending.is_empty() && sends.abandoned.is_empty() {
            Commit::nothing()
        } else if self.item.queue.is_of(hand.era) {
            let commit = self.core.submit(Step { abandon: sends.abandoned, ..Step::default() }, sends.pending);
            self.core.not_awaited(commit.clone());
            commit
        } else {
            // The store failed in between: whoever waits has been told.
            return Ok(());
        };
        turn.passes(CrashPoint::AfterCommit);
        self.item.completed.fetch_add(1, Ordering::Relaxed);
        self.item.noticed.active(turn.sent().map_or_else(|| self.core.clock.now(), |sent| sent.created));
        let ExpressDone { reply, change, more } = self.item.queue.express_done(hand.seat);
        self.more = more;
        if let Some(change) = change {
            log::breaker(&self.item, change);
            self.item.queue.gate_changed();
        }
        if let (Some(reply), Some(incoming)) = (reply, incoming) {
            // Whoever has given up does not miss it.
            let _ = reply.send(Delivered { response: Ok(incoming), commit });
        }
        Ok(())
    }

    /// The process waits for calls and timers: an ordinary turn from here on.
    async fn held(
        &mut self,
        mut hand: Hand,
        turn: &Arc<EngineTurn>,
        (cx, answered): (&mut Context, Answered),
        begun: Timestamp,
    ) -> bool {
        let mut hand = InHand { queue: Arc::clone(&self.item.queue), envelope: hand.envelope() };
        let Some(envelope) = hand.envelope.as_mut() else { return false };
        let outcome = process::after_request(self, envelope, turn, cx, answered).await;
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
