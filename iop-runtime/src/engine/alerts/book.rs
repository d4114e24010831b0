//! Which conditions hold, and what is told of them: one alert on entering, one on leaving, and nothing in between but where
//! it is asked for. What is shown of one that holds is what was measured last. Knows neither items nor the store.

use std::collections::HashMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::message::{AlertKind, AlertPhase, MessageId, SessionId};

/// What is shown of a condition is renewed as often at most: each time, the record is stored.
const RENEWED: Duration = Duration::from_secs(10);

/// What a condition is about: an item, or `None` for the production as a whole.
pub(super) type Key = (Option<String>, AlertKind);

/// What a rule has found.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) item: Option<String>,
    pub(super) kind: AlertKind,
    pub(super) reading: Reading,
    pub(super) value: Option<f64>,
    pub(super) limit: Option<f64>,
    /// What it is, where it holds.
    pub(super) text: String,
    pub(super) cause: Option<(SessionId, MessageId)>,
    /// How long it must hold, or be over, before it counts.
    pub(super) grace: Duration,
    pub(super) repeat: Option<Duration>,
}

/// On which side of its limit a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The condition holds.
    Over,
    /// Between the limit and where it is over: what is so stays so.
    Between,
    /// Nobody has looked since the last time: nothing is known to have changed.
    Stale,
    /// It does not hold.
    Under,
}

/// A condition that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Condition {
    /// The item; `None` where it is about the production as a whole.
    pub item: Option<String>,
    /// Which condition.
    pub kind: AlertKind,
    /// Since when.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub since: Timestamp,
    /// How often somebody was told: not at all while it is muted.
    pub told: u32,
    /// When somebody was told last.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub last: Timestamp,
    /// What was measured last.
    pub value: Option<f64>,
    /// The limit.
    pub limit: Option<f64>,
    /// What it is.
    pub text: String,
    /// The session of the message that caused it.
    pub session: Option<SessionId>,
    /// The message that caused it.
    pub message: Option<MessageId>,
}

/// A rule that keeps silent for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Mute {
    /// The item; `None` for the production as a whole.
    pub item: Option<String>,
    /// The rule; `None` for every rule of the item.
    pub kind: Option<AlertKind>,
    /// Until when.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub until: Timestamp,
    /// Who asked for it.
    pub by: String,
}

impl Mute {
    /// Until when, and who asked for it.
    #[must_use]
    pub fn new(item: Option<&str>, kind: Option<AlertKind>, until: Timestamp, by: &str) -> Self {
        Self { item: item.map(str::to_owned), kind, until, by: by.to_owned() }
    }
}

/// What is stored of alerts: it survives a restart, so that what lasts is not told a second time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) conditions: Vec<Condition>,
    pub(super) muted: Vec<Mute>,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) phase: AlertPhase,
    pub(super) condition: Condition,
}

/// The record, and since when a change of it is due.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) record: Record,
    /// Readings that differ from the record, and since when. Not stored: after a restart a grace begins anew.
    turning: HashMap<Key, Timestamp>,
    /// When what is shown of a condition was renewed last. Not stored either.
    renewed: HashMap<Key, Timestamp>,
}

impl Book {
    /// Replaces the record by what is stored.
    pub(super) fn load(&mut self, record: Record) {
        *self = Self { record, ..Self::default() };
    }

    /// Goes over all that was measured; what holds and is watched no more is over.
    pub(super) fn judge(&mut self, measured: Vec<Measured>, now: Timestamp) -> Vec<Told> {
        self.record.muted.retain(|mute| mute.until > now);
        let watched: Vec<Key> = measured.iter().map(|one| (one.item.clone(), one.kind)).collect();
        let mut told: Vec<Told> = measured.into_iter().filter_map(|one| self.judge_one(one, now)).collect();
        let (kept, over): (Vec<_>, Vec<_>) = std::mem::take(&mut self.record.conditions)
            .into_iter()
            .partition(|condition| watched.contains(&(condition.item.clone(), condition.kind)));
        self.record.conditions = kept;
        self.renewed.retain(|key, _| self.record.conditions.iter().any(|condition| is(condition, key)));
        told.extend(over.into_iter().filter(|condition| condition.told > 0).map(|condition| {
            let text = "not watched any more".to_owned();
            Told { phase: AlertPhase::Left, condition: Condition { text, ..condition } }
        }));
        told
    }

    fn judge_one(&mut self, measured: Measured, now: Timestamp) -> Option<Told> {
        let key = (measured.item.clone(), measured.kind);
        let muted = self.is_muted(&key);
        let at = self.record.conditions.iter().position(|condition| is(condition, &key));
        let turns = match (at, measured.reading) {
            (None, Reading::Over) | (Some(_), Reading::Under) => {
                let since = *self.turning.entry(key.clone()).or_insert(now);
                now.since(since) >= measured.grace
            }
            (_, Reading::Stale) => false,
            _ => {
                self.turning.remove(&key);
                false
            }
        };
        match at {
            None if turns => {
                let since = self.turning.remove(&key).unwrap_or(now);
                let condition = entered(measured, since, now, !muted);
                self.record.conditions.push(condition.clone());
                (!muted).then_some(Told { phase: AlertPhase::Entered, condition })
            }
            None => None,
            Some(at) if turns => {
                self.turning.remove(&key);
                let condition = self.record.conditions.remove(at);
                let condition = Condition { value: measured.value, text: "over".to_owned(), ..condition };
                // The end of what was told is told, muted or not: somebody may wait for it.
                (condition.told > 0).then_some(Told { phase: AlertPhase::Left, condition })
            }
            Some(at) => {
                let condition = self.record.conditions.get_mut(at)?;
                if matches!(measured.reading, Reading::Under | Reading::Stale) {
                    return None;
                }
                let again = measured.repeat.is_some_and(|repeat| now.since(condition.last) >= repeat);
                let phase = match condition.told {
                    0 if !muted => AlertPhase::Entered,
                    1.. if !muted && again => AlertPhase::Lasts,
                    _ => {
                        let last = self.renewed.entry(key).or_insert(condition.last);
                        if measured.reading == Reading::Over && now.since(*last) >= RENEWED {
                            *last = now;
                            renew(condition, measured);
                        }
                        return None;
                    }
                };
                let told = condition.told + 1;
                *condition = Condition { told, ..entered(measured, condition.since, now, true) };
                Some(Told { phase, condition: condition.clone() })
            }
        }
    }

    fn is_muted(&self, (item, kind): &Key) -> bool {
        self.record.muted.iter().any(|mute| mute.item == *item && mute.kind.is_none_or(|muted| muted == *kind))
    }
}

fn is(condition: &Condition, (item, kind): &Key) -> bool {
    condition.item == *item && condition.kind == *kind
}

/// Shows what was measured now; who was told of it, and when, stays.
fn renew(condition: &mut Condition, measured: Measured) {
    let Condition { since, last, told, .. } = *condition;
    *condition = Condition { told, ..entered(measured, since, last, false) };
}

fn entered(measured: Measured, since: Timestamp, now: Timestamp, told: bool) -> Condition {
    Condition {
        item: measured.item,
        kind: measured.kind,
        since,
        told: u32::from(told),
        last: now,
        value: measured.value,
        limit: measured.limit,
        text: measured.text,
        session: measured.cause.map(|(session, _)| session),
        message: measured.cause.map(|(_, message)| message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn depth(reading: Reading) -> Vec<Measured> {
        vec![Measured {
            item: Some("lab".to_owned()),
            kind: AlertKind::Depth,
            reading,
            value: Some(7.0),
            limit: Some(5.0),
            text: "7 messages wait".to_owned(),
            cause: None,
            grace: GRACE,
            repeat: None,
        }]
    }

    fn second(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    fn phases(book: &mut Book, readings: &[(i64, Reading)]) -> Vec<(i64, AlertPhase)> {
        let told = readings.iter().flat_map(|(at, reading)| {
            let told = book.judge(depth(*reading), second(*at));
            told.into_iter().map(move |told| (*at, told.phase))
        });
        told.collect()
    }

    #[test]
    fn a_condition_is_told_once_when_it_has_held_for_its_grace_and_once_when_it_is_over() {
        use Reading::{Between, Over, Stale, Under};
        let mut book = Book::default();
        let readings = [
            (0, Over),
            (5, Under), // it did not last
            (6, Over),
            (15, Over),
            (16, Stale),
            (17, Over), // ten seconds
            (20, Over),
            (25, Stale),
            (30, Between), // not yet over, by how little it may be
            (40, Under),
            (45, Over), // neither did this
            (50, Under),
            (60, Under),
            (70, Under),
        ];
        assert_eq!(phases(&mut book, &readings), [(17, AlertPhase::Entered), (60, AlertPhase::Left)]);
        assert_eq!(book.record, Record::default());
    }

    #[test]
    fn what_lasts_over_a_restart_is_not_entered_again() {
        let mut book = Book::default();
        assert_eq!(phases(&mut book, &[(0, Reading::Over), (10, Reading::Over)]).len(), 1);
        let stored = serde_json::to_vec(&book.record).unwrap();
        let mut book = Book::default();
        book.load(serde_json::from_slice(&stored).unwrap());
        let readings = [(20, Reading::Between), (21, Reading::Over), (40, Reading::Over)];
        assert_eq!(phases(&mut book, &readings), []);
        assert_eq!(book.record.conditions[0].since, second(0));
        assert_eq!(phases(&mut book, &[(50, Reading::Under), (60, Reading::Under)]), [(60, AlertPhase::Left)]);
    }

    #[test]
    fn what_is_muted_is_kept_and_told_when_it_lasts_longer() {
        let mut book = Book::default();
        let mute = |kind| Mute { item: Some("lab".to_owned()), kind, until: second(100), by: "eve".to_owned() };
        book.record.muted.push(mute(Some(AlertKind::Depth)));
        assert_eq!(phases(&mut book, &[(0, Reading::Over), (10, Reading::Over), (99, Reading::Over)]), []);
        assert_eq!(book.record.conditions.len(), 1, "muted, and seen");
        assert_eq!(phases(&mut book, &[(100, Reading::Over), (101, Reading::Over)]), [(100, AlertPhase::Entered)]);
        book.record.muted.push(Mute { until: second(200), ..mute(None) });
        assert_eq!(phases(&mut book, &[(110, Reading::Under), (120, Reading::Under)]), [(120, AlertPhase::Left)]);
        assert_eq!(phases(&mut book, &[(130, Reading::Over), (140, Reading::Over), (150, Reading::Under)]), []);
        assert_eq!(phases(&mut book, &[(160, Reading::Under)]), [], "nobody was told that it had begun");
    }

    #[test]
    fn what_lasts_is_told_again_where_that_is_asked_for() {
        let mut book = Book::default();
        let mut told = Vec::new();
        for at in 0..40 {
            let mut measured = depth(Reading::Over);
            measured[0].repeat = Some(Duration::from_secs(15));
            told.extend(book.judge(measured, second(at)).into_iter().map(|told| (at, told.phase)));
        }
        assert_eq!(told, [(10, AlertPhase::Entered), (25, AlertPhase::Lasts)]);
        assert_eq!(book.record.conditions[0].told, 2);
    }

    #[test]
    fn what_is_shown_of_a_condition_that_lasts_is_what_was_measured_last() {
        let count = |count: u32, cause| {
            let text = format!("{count} messages wait");
            vec![Measured {
                value: Some(f64::from(count)),
                text,
                cause,
                grace: Duration::ZERO,
                ..depth(Reading::Over).remove(0)
            }]
        };
        let mut book = Book::default();
        assert_eq!(book.judge(count(1, None), second(0)).len(), 1);
        let latest = MessageId::random();
        let cause = Some((SessionId::of(latest), latest));
        assert_eq!(book.judge(count(2, cause), second(9)), []);
        assert_eq!(book.record.conditions[0].text, "1 messages wait", "it is stored, and not so often");
        assert_eq!(book.judge(count(3, cause), second(10)), [], "nobody is told again");
        let shown = &book.record.conditions[0];
        assert_eq!((&*shown.text, shown.value, shown.message), ("3 messages wait", Some(3.0), Some(latest)));
        assert_eq!((shown.since, shown.last, shown.told), (second(0), second(0), 1));
        book.judge(depth(Reading::Stale), second(30));
        book.judge(depth(Reading::Between), second(31));
        assert_eq!(book.record.conditions[0].text, "3 messages wait", "nobody has looked, or it is about to be over");
    }

    #[test]
    fn a_condition_whose_rule_is_gone_is_over() {
        let mut book = Book::default();
        phases(&mut book, &[(0, Reading::Over), (10, Reading::Over)]);
        let told = book.judge(Vec::new(), second(11));
        assert_eq!((told.len(), told[0].phase), (1, AlertPhase::Left));
        assert_eq!(book.judge(Vec::new(), second(12)), []);
    }
}
