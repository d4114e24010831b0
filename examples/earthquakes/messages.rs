//! What travels in the production.

use std::collections::BTreeMap;
use std::fmt;

use iop::prelude::*;

/// A feed file, as it was found.
#[message]
pub struct Feed {
    /// The name of the file.
    #[key]
    pub name: String,
    /// GeoJSON.
    pub content: String,
}

/// One event of a feed. What its network has not measured is `None`.
#[message(response = Recorded)]
#[derive(Clone)]
pub struct SeismicEvent {
    /// The same in every feed.
    #[key]
    pub id: String,
    /// When the event was revised last; with the id it names one revision of the event.
    pub updated: String,
    /// When it happened, in UTC.
    pub time: String,
    /// Difference of the local time to UTC, in minutes.
    pub timezone: Option<i32>,
    /// `earthquake`, `explosion`, `quarry blast` and others.
    pub kind: String,
    pub magnitude: Option<Decimal>,
    pub magnitude_type: Option<String>,
    pub place: Option<String>,
    /// Degrees.
    pub longitude: Option<Decimal>,
    /// Degrees.
    pub latitude: Option<Decimal>,
    /// Kilometres.
    pub depth: Option<Decimal>,
    /// The network that reports the event.
    pub network: String,
    /// `automatic` or `reviewed`.
    pub status: Option<String>,
    /// How many people reported that they had felt it.
    pub felt: Option<u32>,
    /// Intensity as people reported it.
    pub reported_intensity: Option<Decimal>,
    /// Intensity as it was computed.
    pub computed_intensity: Option<Decimal>,
    /// Alert level of the expected damage: green, yellow, orange, red.
    pub damage_alert: Option<String>,
    pub tsunami: bool,
    /// From 0 to 1000.
    pub significance: Option<u32>,
    /// Stations that located it.
    pub stations: Option<u32>,
    /// Largest angle between two neighbouring stations, in degrees.
    pub gap: Option<Decimal>,
    /// Distance of the nearest station, in degrees.
    pub nearest_station: Option<Decimal>,
    /// Residual of the travel times, in seconds.
    pub residual: Option<Decimal>,
    pub url: Option<String>,
}

impl SeismicEvent {
    /// The name of this revision of the event: one word.
    #[must_use]
    pub fn revision(&self) -> String {
        format!("{}@{}", self.id, self.updated)
    }

    /// Strong enough for an alert.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.magnitude.as_ref().is_some_and(|magnitude| magnitude.value() >= 4.5)
    }
}

/// A number as the feed writes it: `2` stays `2`, and no digit is added or lost.
#[message(part)]
#[derive(Clone, PartialEq, Eq)]
#[serde(transparent)]
pub struct Decimal(pub String);

impl Decimal {
    /// The nearest number that can be computed with.
    #[must_use]
    pub fn value(&self) -> f64 {
        // It was a JSON number, and every JSON number is one of Rust's.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an event is.
#[message(part)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Earthquake,
    Explosion,
    QuarryBlast,
}

impl Class {
    pub const ALL: [Self; 3] = [Self::Earthquake, Self::Explosion, Self::QuarryBlast];

    /// The class of a kind as a feed has it.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "earthquake" => Some(Self::Earthquake),
            "explosion" => Some(Self::Explosion),
            "quarry blast" => Some(Self::QuarryBlast),
            _ => None,
        }
    }

    /// The word for several of them.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Earthquake => "earthquakes",
            Self::Explosion => "explosions",
            Self::QuarryBlast => "quarry_blasts",
        }
    }
}

/// Which network is it?
#[message(response = Network)]
pub struct NetworkQuery {
    pub code: String,
}

/// A seismic network; without a name where the table does not have it.
#[message]
#[derive(Clone)]
pub struct Network {
    pub code: String,
    pub name: Option<String>,
    pub region: Option<String>,
}

/// An event with all that is known about it, to be kept.
#[message(response = Kept)]
#[derive(Clone)]
pub struct ClassifiedEvent {
    pub event: SeismicEvent,
    pub class: Class,
    pub network: Network,
}

/// An operation has the event.
#[message]
pub struct Kept {
    /// It had it before.
    pub before: bool,
}

/// What became of an event.
#[message]
#[derive(Default)]
pub struct Recorded {
    pub class: Option<Class>,
    pub alert: bool,
    /// Where the event could not be kept, and why.
    pub missing: Vec<String>,
}

/// What the responses to the events of a feed add up to.
#[message(part)]
#[derive(Default, Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    /// As the feed itself says.
    pub announced: u64,
    /// Events that were in it.
    pub read: u64,
    /// By class.
    pub classes: BTreeMap<Class, u64>,
    pub alerts: u64,
    /// Events that wait for a person, wholly or in part.
    pub unfinished: u64,
}

/// A feed is done.
#[message]
pub struct Summary {
    /// The name of the file.
    #[key]
    pub feed: String,
    pub counts: Counts,
    /// The revision of every event that was in it, so that each can be looked for.
    pub revisions: Vec<String>,
}
