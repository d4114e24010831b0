//! The GeoJSON format of the USGS feeds.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::messages::{Decimal, SeismicEvent};

/// A feed, read.
pub struct Parsed {
    /// How many events the feed says it has.
    pub announced: u64,
    /// In the order of the feed.
    pub events: Vec<SeismicEvent>,
}

/// Reads a feed.
///
/// # Errors
/// What does not fit, with line and column.
pub fn parse(content: &str) -> Result<Parsed, serde_json::Error> {
    let collection: Collection<'_> = serde_json::from_str(content)?;
    let events = collection.features.into_iter().map(event).collect::<Result<_, _>>()?;
    Ok(Parsed { announced: collection.metadata.count, events })
}

#[derive(Deserialize)]
struct Collection<'a> {
    metadata: Metadata,
    #[serde(borrow)]
    features: Vec<Feature<'a>>,
}

#[derive(Deserialize)]
struct Metadata {
    count: u64,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    properties: Properties<'a>,
    #[serde(borrow)]
    geometry: Option<Geometry<'a>>,
}

/// Numbers stay text, so that none of their digits is lost.
type Number<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    mag: Number<'a>,
    mag_type: Option<String>,
    place: Option<String>,
    time: i64,
    updated: i64,
    tz: Option<i32>,
    felt: Option<u32>,
    #[serde(borrow)]
    cdi: Number<'a>,
    #[serde(borrow)]
    mmi: Number<'a>,
    alert: Option<String>,
    status: Option<String>,
    tsunami: Option<u8>,
    sig: Option<u32>,
    net: String,
    nst: Option<u32>,
    #[serde(borrow)]
    dmin: Number<'a>,
    #[serde(borrow)]
    rms: Number<'a>,
    #[serde(borrow)]
    gap: Number<'a>,
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    /// Longitude, latitude and depth.
    #[serde(borrow)]
    coordinates: [Number<'a>; 3],
}

fn event(feature: Feature<'_>) -> Result<SeismicEvent, serde_json::Error> {
    let Feature { id, properties, geometry } = feature;
    let [longitude, latitude, depth] = geometry.map_or([None; 3], |geometry| geometry.coordinates);
    Ok(SeismicEvent {
        id: id.into_owned(),
        updated: moment(properties.updated)?,
        time: moment(properties.time)?,
        timezone: properties.tz,
        kind: properties.kind,
        magnitude: decimal(properties.mag)?,
        magnitude_type: properties.mag_type,
        place: properties.place,
        longitude: decimal(longitude)?,
        latitude: decimal(latitude)?,
        depth: decimal(depth)?,
        network: properties.net,
        status: properties.status,
        felt: properties.felt,
        reported_intensity: decimal(properties.cdi)?,
        computed_intensity: decimal(properties.mmi)?,
        damage_alert: properties.alert,
        tsunami: properties.tsunami == Some(1),
        significance: properties.sig,
        stations: properties.nst,
        gap: decimal(properties.gap)?,
        nearest_station: decimal(properties.dmin)?,
        residual: decimal(properties.rms)?,
        url: properties.url,
    })
}

/// A number as it is written.
fn decimal(number: Number<'_>) -> Result<Option<Decimal>, serde_json::Error> {
    let Some(number) = number else { return Ok(None) };
    // Anything else than a number is refused here, in the words of the parser.
    serde_json::from_str::<f64>(number.get())?;
    Ok(Some(Decimal(number.get().to_owned())))
}

/// Milliseconds since 1970 as a time in UTC. All have the same length, so that their order is that of their text.
fn moment(milliseconds: i64) -> Result<String, serde_json::Error> {
    let time = jiff::Timestamp::from_millisecond(milliseconds).map_err(serde::de::Error::custom)?;
    Ok(format!("{time:.3}"))
}
