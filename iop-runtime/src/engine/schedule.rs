//! Starts and stops items as their schedules say, and waits for the next call of a service.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::item::ItemState;
use super::supervisor::{start_item, stop_item, to_the_end};
use super::{Stop, log, service};
use crate::clock::{Clock, Timestamp};
use crate::component::Entrance;
use crate::settings::{Active, CallSchedule};

/// The clock of the machine may be set: no wait for a time of day is longer before it is looked at again.
const LOOK: Duration = Duration::from_secs(60);

/// The earliest and the latest that a calendar knows stand for what is beyond them.
fn calendar(moment: Timestamp) -> jiff::Timestamp {
    let beyond = if moment.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(moment.0).unwrap_or(beyond)
}

/// Whether a schedule has an item up now.
pub(crate) fn is_up(active: &Active, now: Timestamp) -> bool {
    active.is_up(calendar(now))
}

/// When a schedule changes next.
pub(crate) fn next_change(active: &Active, now: Timestamp) -> Option<Timestamp> {
    active.next_change(calendar(now)).map(|next| Timestamp(next.as_microsecond()))
}

/// When a service is called next.
pub(crate) fn next_call(schedule: &CallSchedule, now: Timestamp) -> Option<Timestamp> {
    schedule.next_after(calendar(now)).map(|next| Timestamp(next.as_microsecond()))
}

/// Waits for a time of day.
async fn reach(clock: &dyn Clock, then: Timestamp) {
    loop {
        let left = then.since(clock.now());
        if left.is_zero() {
            return;
        }
        // At least a millisecond: the timer's resolution.
        tokio::time::sleep(left.clamp(Duration::from_millis(1), LOOK)).await;
    }
}

/// Waits until a service is to be called again, the last call of which began at `since`; `true` when stopped meanwhile.
pub(crate) async fn pause(
    core: &Core,
    item: &ItemState,
    since: tokio::time::Instant,
    stop: &CancellationToken,
) -> bool {
    let Some(schedule) = &item.options.call_schedule else {
        let left = (since + item.options.call_interval).saturating_duration_since(tokio::time::Instant::now());
        return service::pause(stop, left).await;
    };
    let Some(next) = next_call(schedule, core.clock.now()) else {
        stop.cancelled().await;
        return true;
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => true,
        () = reach(&*core.clock, next) => false,
    }
}

/// Has an item up as its schedule says, as long as the production runs; `looked` is when it was last looked at. A person may
/// start or stop it in between; that lasts until the next change.
pub(crate) async fn keep(core: Arc<Core>, item: Arc<ItemState>, services: bool, mut looked: Timestamp) {
    let Some(active) = &item.options.active else { return };
    let fetches = matches!(item.component().entrance, Entrance::Poll | Entrance::Adapter(_));
    let wanted = item.options.enabled && (services || !fetches);
    // Also what changes while the change before is carried out: a stop may take its time. A clock that was set back counts.
    while let Some(next) = next_change(active, looked.min(core.clock.now())) {
        reach(&*core.clock, next).await;
        looked = core.clock.now();
        let up = is_up(active, looked);
        let (core, item) = (Arc::clone(&core), Arc::clone(&item));
        to_the_end(async move {
            let changed = if up {
                wanted && !core.holds(&item) && start_item(&core, &item).await
            } else {
                // What runs may finish: it began in time.
                stop_item(&core, &item, Stop::Drain(item.options.timeout)).await
            };
            if changed {
                log::turn_span(&core, &item, None).in_scope(|| log::scheduled(&item, up));
            }
            changed
        })
        .await;
    }
}
