//! Settings of what the engine watches and of how long it keeps what is finished: when a person is told, and what may go.

use std::sync::Arc;
use std::time::Duration;

use super::options::AtLeastOne;
use super::value::expected;
use super::{Raw, Setting, SettingDecl};

/// When a person is told of an item. See `docs/reference/alerts.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertSettings {
    /// When a message of it is suspended.
    pub suspended: bool,
    /// When it does not come up, or blocks its threads, or its circuit breaker is open.
    pub down: bool,
    /// When so many attempts failed within a minute.
    pub errors: Option<u32>,
    /// When so many messages wait for it.
    pub depth: Option<u32>,
    /// When its oldest waiting message is older than this.
    pub age: Option<Duration>,
    /// When nothing has come to it for so long, while it is up.
    pub inactive: Option<Duration>,
    /// For how long a condition must hold, or be over, before anybody is told.
    pub grace: Duration,
    /// Tells again, every so often, while a condition lasts.
    pub repeat: Option<Duration>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            suspended: true,
            down: true,
            errors: None,
            depth: None,
            age: None,
            inactive: None,
            grace: Duration::from_secs(30),
            repeat: None,
        }
    }
}

/// How long what is finished is kept. See `docs/how-to/keep-and-purge.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Sessions, where no item and no type says otherwise.
    pub sessions: Keep,
    /// Sessions with messages of these types.
    pub types: Vec<(Arc<str>, Keep)>,
    /// Marks of inputs: how long an input is known again.
    pub marks: Keep,
    /// Lines of the event log.
    pub log: Keep,
    /// The largest size of the store in bytes: from there on the oldest finished sessions go, however young.
    pub largest_store: Option<u64>,
    /// When a person is told that the store has so many bytes.
    pub alert_store: Option<u64>,
    /// The pause between two looks at what may go.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            sessions: Keep::Forever,
            types: Vec::new(),
            marks: Keep::For(Duration::from_secs(90 * DAY)),
            log: Keep::Forever,
            largest_store: None,
            alert_store: None,
            every: Duration::from_secs(3600),
        }
    }
}

const DAY: u64 = 24 * 60 * 60;

/// How long something is kept: `30d`, `12h`, or `forever`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until a person purges it.
    Forever,
    /// For so long after its end.
    For(Duration),
}

impl Setting for Keep {
    const TYPE: &'static str = "how long (30d, 12h), or forever";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = raw.as_str().map(str::trim).ok_or_else(|| expected::<Self>(raw))?;
        if text == "forever" {
            return Ok(Self::Forever);
        }
        // Days are no part of a duration that a clock measures; here they are 24 hours.
        let days = text.strip_suffix('d').and_then(|days| days.trim_end().parse::<u64>().ok());
        if let Some(days) = days {
            return Ok(Self::For(Duration::from_secs(days.saturating_mul(DAY))));
        }
        Duration::from_raw(raw).map(Self::For).map_err(|_| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        match self {
            Self::Forever => Raw::from("forever"),
            Self::For(duration) if duration.as_secs() > 0 && duration.as_secs() % DAY == 0 => {
                Raw::from(format!("{}d", duration.as_secs() / DAY))
            }
            Self::For(duration) => duration.to_raw(),
        }
    }
}

/// How long messages of some types are kept: `Heartbeat=1d, lab.audit=forever`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeepTypes(pub(super) Vec<(Arc<str>, Keep)>);

impl Setting for KeepTypes {
    const TYPE: &'static str = "message types with how long (Heartbeat=1d, lab.audit=forever)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = raw.as_str().ok_or_else(|| expected::<Self>(raw))?;
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
            let (name, keep) = entry.split_once('=').ok_or_else(|| expected::<Self>(raw))?;
            Ok((Arc::from(name.trim()), Keep::from_raw(&Raw::from(keep.trim()))?))
        });
        entries.collect::<Result<_, String>>().map(Self)
    }

    fn to_raw(&self) -> Raw {
        let entries = self.0.iter().map(|(name, keep)| {
            let keep = keep.to_raw();
            format!("{name}={}", keep.as_str().unwrap_or_default())
        });
        Raw::from(entries.collect::<Vec<_>>().join(", "))
    }
}

/// The settings of every item.
pub(super) static EVERY_ITEM: &[SettingDecl] = &[
    SettingDecl::new::<bool>("alert_suspended", "Alerts when a message is suspended.", Some(|| Raw::from(true))),
    SettingDecl::new::<bool>(
        "alert_down",
        "Alerts when the item does not come up, blocks its threads, or has its circuit breaker open.",
        Some(|| Raw::from(true)),
    ),
    SettingDecl::new::<Option<AtLeastOne>>("alert_errors", "Alerts when so many attempts fail within a minute.", None),
    SettingDecl::new::<Option<AtLeastOne>>("alert_depth", "Alerts when so many messages wait.", None),
    SettingDecl::new::<Option<Duration>>("alert_age", "Alerts when the oldest waiting message is so old.", None),
    SettingDecl::new::<Option<Duration>>("alert_inactive", "Alerts when nothing has come for so long.", None),
    SettingDecl::new::<Duration>(
        "alert_grace",
        "For how long a condition must hold, or be over, before an alert says so.",
        Some(|| Raw::from("30s")),
    ),
    SettingDecl::new::<Option<Duration>>("alert_repeat", "Alerts again so often while a condition lasts.", None),
    SettingDecl::new::<Option<Keep>>("retention", "How long finished messages to the item are kept.", None),
];

/// The settings of the process.
pub(super) static OF_THE_PROCESS: &[SettingDecl] = &[
    SettingDecl::new::<Keep>("retention", "How long finished sessions are kept.", Some(|| Raw::from("forever"))),
    SettingDecl::new::<KeepTypes>("retention_types", "The same for some message types.", Some(|| Raw::from(""))),
    SettingDecl::new::<Keep>(
        "mark_retention",
        "How long an input that was taken is known again.",
        Some(|| Raw::from("90d")),
    ),
    SettingDecl::new::<Keep>(
        "log_retention",
        "How long lines of the event log are kept.",
        Some(|| Raw::from("forever")),
    ),
    SettingDecl::new::<Option<u64>>(
        "max_store_bytes",
        "From this size of the store on, the oldest finished sessions go.",
        None,
    ),
    SettingDecl::new::<Option<u64>>("alert_store_bytes", "Alerts when the store has this size.", None),
    SettingDecl::new::<super::options::SomeTime>(
        "purge_interval",
        "The pause between two purges.",
        Some(|| Raw::from("1h")),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_said_in_days_or_as_a_duration_or_forever() {
        let keep = |text: &str| Keep::from_raw(&Raw::from(text));
        assert_eq!(keep("forever"), Ok(Keep::Forever));
        assert_eq!(keep("30d"), Ok(Keep::For(Duration::from_secs(30 * DAY))));
        assert_eq!(keep("90m"), Ok(Keep::For(Duration::from_secs(5400))));
        assert!(keep("30 days of june").is_err() && keep("").is_err() && keep("-1d").is_err());
        for text in ["forever", "30d", "12h"] {
            assert_eq!(keep(text).unwrap().to_raw(), Raw::from(text));
        }
    }

    #[test]
    fn types_are_listed_with_how_long() {
        let types = |text: &str| KeepTypes::from_raw(&Raw::from(text)).map(|types| types.0);
        let day = Keep::For(Duration::from_secs(DAY));
        assert_eq!(
            types(" Heartbeat=1d , lab.audit = forever").unwrap(),
            [("Heartbeat".into(), day), ("lab.audit".into(), Keep::Forever)]
        );
        assert_eq!(types("").unwrap(), []);
        assert!(types("Heartbeat").is_err());
    }
}
