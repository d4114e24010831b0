//! What the engine says, in one place, so that one thing is always said the same way.

use std::time::Duration;

use tracing::{Span, debug, error, info, info_span, warn};

use super::alerts::Condition;
use super::core::Core;
use super::gate::Change;
use super::guard::Failed;
use super::item::ItemState;
use super::turn::EngineTurn;
use crate::lookup::{RowChange, TableError};
use crate::message::{AlertPhase, Header, SuspendReason};
use crate::settings::{SettingChange, SettingError};
use crate::store::{Purged, StoreError};

/// The span of a turn: everything logged inside carries item, session and message.
pub(crate) fn turn_span(core: &Core, item: &ItemState, header: Option<&Header>) -> Span {
    match header {
        Some(header) => {
            info_span!(parent: None, "turn", run = core.run, item = %item.name, session = %header.session, message = %header.id)
        }
        None => info_span!(parent: None, "turn", run = core.run, item = %item.name),
    }
}

/// The span of a turn on the express way; its message's id is made only where the span is wanted.
pub(crate) fn express_span(core: &Core, item: &ItemState, turn: &EngineTurn) -> Span {
    info_span!(parent: None, "turn", run = core.run, item = %item.name, session = %turn.session(), message = %turn.origin())
}

/// The span of a turn that starts a session of its own.
pub(crate) fn input_span(core: &Core, item: &ItemState, session: crate::message::SessionId) -> Span {
    info_span!(parent: None, "turn", run = core.run, item = %item.name, session = %session)
}

/// The span of what the engine says outside of turns.
pub(crate) fn engine_span(core: &Core) -> Span {
    info_span!("engine", run = core.run)
}

/// An attempt failed; nothing is lost.
pub(crate) fn will_retry(item: &ItemState, attempt: u32, pause: Duration, error: &str) {
    let of = item.options.attempts;
    if attempt < of {
        warn!("attempt {attempt} of {of} failed and will be repeated in {pause:.1?}: {error}");
    } else if attempt.is_power_of_two() || attempt == of {
        // An outage of an hour is said a few times, not at each of its attempts.
        warn!("attempt {attempt} failed and will be repeated in {pause:.1?}, as every one that follows: {error}");
    }
}

/// The circuit breaker of an item opened or closed.
pub(crate) fn breaker(item: &ItemState, change: Change) {
    match change {
        Change::Opened(failures, pause) => warn!(
            "the circuit breaker of `{}` is open: {failures} attempts in a row could not reach the outside; one tries again \
             every {pause:.1?}",
            item.name
        ),
        Change::Closed(after) => info!("the circuit breaker of `{}` is closed again after {after:.1?}", item.name),
    }
}

/// A message waits for a person.
pub(crate) fn suspended(item: &ItemState, attempt: u32, reason: SuspendReason, error: &str) {
    error!("suspended ({reason}) at `{}` after attempt {attempt}: {error}", item.name);
}

/// A message ended before it was done, and nobody misses it.
pub(crate) fn expired(item: &ItemState, error: &str) {
    warn!("given up at `{}`: {error}", item.name);
}

/// A component does not come up or down.
pub(crate) fn hook_failed(item: &ItemState, hook: &str, failed: &Failed) {
    error!("`{hook}` of `{}` failed: {}", item.name, failed.error);
}

/// A component or its adapter panicked where no message is to blame.
pub(crate) fn worker_failed(item: &ItemState, failed: &Failed) {
    error!("a worker of `{}` starts over: {}", item.name, failed.error);
}

/// A poll failed; the next one comes anyway.
pub(crate) fn poll_failed(failed: &Failed) {
    warn!("the poll failed; what it did is undone, and the next one comes as usual: {}", failed.error);
}

/// An adapter cannot reach its outside.
pub(crate) fn adapter_failed(error: &str, pause: Duration) {
    warn!("the adapter failed and starts over in {pause:.1?}: {error}");
}

/// An input was taken for good.
pub(crate) fn input_accepted(label: &str) {
    debug!("{label} is stored");
}

/// An input that was processed before came again.
pub(crate) fn input_known(label: &str) {
    info!("{label} was processed before and is not processed again");
}

/// An input failed for good.
pub(crate) fn input_refused(label: &str, error: &str) {
    error!("{label} is set aside: {error}");
}

/// An input was refused, and is with whoever brought it.
pub(crate) fn input_turned_away(label: &str, error: &str) {
    warn!("{label} is not taken: {error}");
}

/// An item came up.
pub(crate) fn item_started(item: &ItemState) {
    debug!("`{}` is running", item.name);
}

/// An item went up or down as its schedule says.
pub(crate) fn scheduled(item: &ItemState, up: bool) {
    info!("`{}` is {} as `active` says", item.name, if up { "started" } else { "stopped" });
}

/// An item went down.
pub(crate) fn item_stopped(item: &ItemState) {
    debug!("`{}` is stopped", item.name);
}

/// Somebody has paused an item, or resumed it.
pub(crate) fn item_paused(item: &ItemState, paused: bool) {
    let word = if paused { "paused" } else { "resumed" };
    info!("`{}` is {word}", item.name);
}

/// Workers did not finish in time; their messages go back to their queues.
pub(crate) fn item_cut_off(item: &ItemState) {
    warn!("`{}` did not finish in time; what it had goes back to its queue", item.name);
}

/// Messages wait for an item that the production does not have any more.
pub(crate) fn orphaned(queue: &crate::store::QueueStatus) {
    let waiting = queue.queued + queue.in_flight + queue.retrying;
    warn!(
        "{waiting} messages wait for `{}`, which this production does not have; they stay stored until it has it again",
        queue.item
    );
}

/// There is no room for what is new, or there is again.
pub(crate) fn space(is_short: bool) {
    if is_short {
        error!("{}; what is under way goes on as long as it can", super::service::NO_SPACE);
    } else {
        info!("there is space on the disk of the store again: new messages are taken");
    }
}

/// The store is a copy.
pub(crate) fn held(text: &str) {
    warn!("{text}");
}

/// A handler blocks its thread.
pub(crate) fn stuck(item: &ItemState) {
    error!(
        "a handler of `{}` blocks its thread for longer than {:?}; it cannot be cut off, the other items go on",
        item.name, item.options.timeout
    );
}

/// Handlers block every thread that there is for them; or one has come back.
pub(crate) fn standstill(stands_still: bool, threads: usize) {
    if stands_still {
        error!(
            "handlers block all {threads} threads that handlers have: no other handler runs until one of them comes back; stop the \
             production, or give it more with `iop.threads`"
        );
    } else {
        warn!("a thread for handlers is free again");
    }
}

/// A reload changed a setting.
pub(crate) fn setting_changed(change: &SettingChange, by: &str) {
    let value =
        |value: &Option<String>| value.as_ref().map_or_else(|| "not set".to_owned(), |text| format!("`{text}`"));
    let (from, to) = (value(&change.from), value(&change.to));
    info!("{by} changed the setting `{}` from {from} to {to} ({})", change.key, change.origin);
}

/// A reload could not give running instances the new value of a setting.
pub(crate) fn setting_kept(setting: &SettingError) {
    warn!("running instances keep the value that they had: {setting}");
}

/// Somebody edited a row of a lookup table.
pub(crate) fn row_changed(table: &str, change: &RowChange) {
    let value =
        |value: &Option<String>| value.as_ref().map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
    let RowChange { version, by, key, from, to, .. } = change;
    info!("{by} changed `{key}` in the table `{table}` from {} to {} (version {version})", value(from), value(to));
}

/// A lookup table cannot be read; look-ups in it wait.
pub(crate) fn table_failed(error: &TableError) {
    error!("{error}; messages that need it wait");
}

/// The store failed; the engine starts over from what is stored.
pub(crate) fn store_failed(error: &StoreError) {
    error!("the store failed: {error}; everything in flight starts over from what is stored");
}

/// The store does not come back.
pub(crate) fn store_gone(error: &StoreError) {
    error!("the store does not come back: {error}; the production stops");
}

/// A condition that somebody should know of began, lasts or is over.
pub(crate) fn alert(phase: AlertPhase, item: Option<&str>, condition: &Condition) {
    let what = super::alerts::words(phase, condition.kind);
    match (phase, item) {
        (AlertPhase::Left, Some(item)) => info!("{what}: `{item}`, {}", condition.text),
        (AlertPhase::Left, None) => info!("{what}"),
        _ => warn!("{what}: {}", condition.text),
    }
}

/// Alerts are told when the store works again.
pub(crate) fn alerts_not_stored(error: &StoreError) {
    warn!("alerts are put off: {error}");
}

/// One line for each purge that removed something.
pub(crate) fn purged(purged: &Purged) {
    let Purged { messages, bytes, marks, events, .. } = purged;
    info!(
        "purged {messages} messages with {bytes} bytes of bodies, {marks} marks of inputs, {events} lines of the log"
    );
}

/// A purge did not come to its end.
pub(crate) fn purge_failed(error: &StoreError) {
    warn!("the purge goes on later: {error}");
}

/// The store has grown, and nothing of it ever goes.
pub(crate) fn nothing_goes() {
    warn!(
        "the store has more than 1 GiB, and finished sessions are kept for ever; set `iop.retention` or `iop.max_store_bytes`"
    );
}
