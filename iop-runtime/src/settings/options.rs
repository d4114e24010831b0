//! Settings of the engine: those that every item has beside its component's, and those of the process as a whole.

use std::path::PathBuf;
use std::time::Duration;

use super::collector::Collector;
use super::entrance::{HttpChoice, TlsFiles};
use super::rate::Rate;
use super::size::ByteSize;
use super::{Active, AlertSettings, CallSchedule, Keep, Raw, Retention, Setting, SettingDecl};

/// The table of the engine's own settings in `iop.toml`, and their first word on the command line.
pub(crate) const ENGINE: &str = "iop";

/// Settings of the engine for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemSettings {
    /// Workers.
    pub pool_size: usize,
    /// Starts with the production.
    pub enabled: bool,
    /// When it is up; `None`: always.
    pub active: Option<Active>,
    /// The longest a handler may run without awaiting a response.
    pub timeout: Duration,
    /// Attempts before a failing message is suspended.
    pub attempts: u32,
    /// The pause before the second attempt; doubles with each.
    pub backoff: Duration,
    /// The longest pause between attempts.
    pub backoff_cap: Duration,
    /// How long an outside that cannot be reached is tried before the message is suspended; `None`: for ever.
    pub failure_timeout: Option<Duration>,
    /// The most messages in a time that all workers together begin with; `None`: as many as come.
    pub throttle: Option<Rate>,
    /// Attempts in a row that cannot reach the outside before the circuit breaker opens; 0: there is none.
    pub breaker: u32,
    /// How long an open circuit breaker waits before it lets one message try.
    pub breaker_pause: Duration,
    /// What the item is counted to, for people.
    pub category: Vec<String>,
    /// The timeout of awaited requests that the item sends without one of their own.
    pub request_timeout: Duration,
    /// The pause between calls of a service that polls or has an adapter.
    pub call_interval: Duration,
    /// When such a service is called first.
    pub first_call: FirstCall,
    /// When a person is told of it.
    pub alerts: AlertSettings,
    /// How long its finished messages are kept, where it says so itself.
    pub retention: Option<Keep>,
    /// When such a service is called, in place of `call_interval` and `first_call`.
    pub call_schedule: Option<CallSchedule>,
}

impl Default for ItemSettings {
    fn default() -> Self {
        Self {
            pool_size: 1,
            enabled: true,
            active: None,
            timeout: Duration::from_secs(60),
            attempts: 5,
            backoff: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(30),
            failure_timeout: None,
            throttle: None,
            breaker: 5,
            breaker_pause: Duration::from_secs(30),
            category: Vec::new(),
            request_timeout: Duration::from_secs(30),
            call_interval: Duration::from_secs(5),
            first_call: FirstCall::AtOnce,
            alerts: AlertSettings::default(),
            retention: None,
            call_schedule: None,
        }
    }
}

/// When a polling service is called first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstCall {
    /// When it starts.
    AtOnce,
    /// One interval after it starts.
    AfterInterval,
}

impl Setting for FirstCall {
    const TYPE: &'static str = "at_once or after_interval";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw.as_str() {
            Some("at_once") => Ok(Self::AtOnce),
            Some("after_interval") => Ok(Self::AfterInterval),
            _ => Err(super::value::expected::<Self>(raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(match self {
            Self::AtOnce => "at_once",
            Self::AfterInterval => "after_interval",
        })
    }
}

/// Settings of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// Where messages live.
    pub store: StoreChoice,
    /// Bytes of the store's disk that are kept free for when there are no others.
    pub ballast: u64,
    /// The store may lie on a network file system.
    pub network_store: bool,
    /// Threads that run handlers.
    pub threads: usize,
    /// Where the HTTP entrance listens.
    pub http: HttpChoice,
    /// The address of the HTTP entrance was chosen by somebody: another one would not do.
    pub http_explicit: bool,
    /// Names by which callers may come to the HTTP entrance, beside those of this machine.
    pub http_names: Vec<String>,
    /// The file of those who may call beside whoever has the token of the store.
    pub users: Option<PathBuf>,
    /// What the HTTP entrance proves itself with, where it speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Where traces go.
    pub otlp: Option<Collector>,
    /// How long a stop waits for handlers that are running.
    pub stop_grace: Duration,
    /// What the terminal shows and the event log keeps: a level, or directives such as `info,my_crate=debug`.
    pub log: String,
    /// How long what is finished is kept.
    pub retention: Retention,
}

/// Where messages live.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreChoice {
    /// A directory with a SQLite database.
    Sqlite(PathBuf),
    /// This process; nothing survives it.
    Memory,
}

impl Setting for StoreChoice {
    const TYPE: &'static str = "directory, or memory";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw.as_str() {
            Some("memory") => Ok(Self::Memory),
            _ => PathBuf::from_raw(raw).map(Self::Sqlite).map_err(|_| super::value::expected::<Self>(raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        match self {
            Self::Sqlite(path) => path.to_raw(),
            Self::Memory => Raw::from("memory"),
        }
    }
}

/// What is logged.
pub(crate) struct LogFilter(pub(crate) String);

impl Setting for LogFilter {
    const TYPE: &'static str = "level, or directives (info,my_crate=debug)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = String::from_raw(raw).map_err(|_| super::value::expected::<Self>(raw))?;
        for directive in text.split(',').map(str::trim) {
            let level = directive.rsplit('=').next().unwrap_or(directive);
            // `EnvFilter` takes a misspelt level for a crate and would turn everything of it on, and all others off.
            if level.is_empty() || level.parse::<tracing::level_filters::LevelFilter>().is_err() {
                return Err(format!("`{level}` is not a level; write off, error, warn, info, debug or trace"));
            }
        }
        tracing_subscriber::EnvFilter::builder().parse(&text).map_err(|error| error.to_string())?;
        Ok(Self(text))
    }

    fn to_raw(&self) -> Raw {
        self.0.to_raw()
    }
}

/// A count of which there must be one.
pub(super) struct AtLeastOne(pub(super) u32);

impl Setting for AtLeastOne {
    const TYPE: &'static str = "integer from 1";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let number = u32::from_raw(raw).map_err(|_| super::value::expected::<Self>(raw))?;
        if number == 0 { Err("must be 1 or more".to_owned()) } else { Ok(Self(number)) }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.0)
    }
}

/// A duration of which there must be some.
pub(super) struct SomeTime(pub(super) Duration);

impl Setting for SomeTime {
    const TYPE: &'static str = Duration::TYPE;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let duration = Duration::from_raw(raw)?;
        if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(Self(duration)) }
    }

    fn to_raw(&self) -> Raw {
        self.0.to_raw()
    }
}

/// The engine's settings of every item.
pub(super) static EVERY_ITEM: &[SettingDecl] = &[
    SettingDecl::new::<AtLeastOne>("pool_size", "Workers; 1 keeps the order of the queue.", Some(|| Raw::from(1))),
    SettingDecl::new::<bool>(
        "enabled",
        "Starts with the production; otherwise its queue waits.",
        Some(|| Raw::from(true)),
    ),
    SettingDecl::new::<Option<Active>>(
        "active",
        "When the item is up; outside of these times its queue waits. Not set: always.",
        None,
    ),
    SettingDecl::new::<SomeTime>(
        "timeout",
        "The longest a handler may run without awaiting a response.",
        Some(|| Raw::from("60s")),
    )
    .live(),
    SettingDecl::new::<AtLeastOne>(
        "attempts",
        "Attempts before a failing message is suspended.",
        Some(|| Raw::from(5)),
    )
    .live(),
    SettingDecl::new::<Duration>(
        "backoff",
        "The pause before the second attempt; doubles with each.",
        Some(|| Raw::from("1s")),
    )
    .live(),
    SettingDecl::new::<Duration>("backoff_cap", "The longest pause between attempts.", Some(|| Raw::from("30s")))
        .live(),
    SettingDecl::new::<Option<Duration>>(
        "failure_timeout",
        "How long an outside that cannot be reached is tried before the message is suspended; not set: for ever.",
        None,
    )
    .live(),
    SettingDecl::new::<Option<Rate>>(
        "throttle",
        "The most messages in a time that all workers together begin with; not set: as many as come.",
        None,
    ),
    SettingDecl::new::<u32>(
        "breaker",
        "Attempts in a row that cannot reach the outside before the circuit breaker opens; 0: there is none.",
        Some(|| Raw::from(5)),
    ),
    SettingDecl::new::<Option<SomeTime>>(
        "breaker_pause",
        "How long an open circuit breaker waits before one message tries again; not set: as long as `backoff_cap`.",
        None,
    ),
    SettingDecl::new::<Vec<String>>(
        "category",
        "What the item is counted to, for people: a list of words.",
        Some(|| Raw::Array(Vec::new())),
    ),
    SettingDecl::new::<SomeTime>(
        "request_timeout",
        "The timeout of awaited requests that the item sends without one of their own.",
        Some(|| Raw::from("30s")),
    )
    .live(),
];

/// The engine's settings of items that are called in intervals. A component may declare them itself, with its own
/// defaults.
pub(super) static IN_INTERVALS: &[SettingDecl] = &[
    SettingDecl::new::<SomeTime>(
        "call_interval",
        "The pause between calls while there is nothing.",
        Some(|| Raw::from("5s")),
    )
    .live(),
    SettingDecl::new::<FirstCall>("first_call", "When the service is called first.", Some(|| Raw::from("at_once"))),
    SettingDecl::new::<Option<CallSchedule>>(
        "call_schedule",
        "When the service is called, in place of `call_interval` and `first_call`.",
        None,
    ),
];

/// The settings of the process. The default of `store` depends on the production's name.
pub(super) static OF_THE_PROCESS: &[SettingDecl] = &[
    SettingDecl::new::<StoreChoice>("store", "Where messages live.", None),
    SettingDecl::new::<ByteSize>(
        "ballast",
        "Bytes of the store's disk kept free for when there are no others.",
        Some(|| Raw::from("64MiB")),
    ),
    SettingDecl::new::<bool>(
        "network_store",
        "The store may lie on a network file system, whose locks and syncs are not always what they say.",
        Some(|| Raw::from(false)),
    ),
    SettingDecl::new::<AtLeastOne>(
        "threads",
        "Threads that run handlers: a handler that blocks takes one away from the others.",
        Some(|| Raw::from(16)),
    ),
    SettingDecl::new::<HttpChoice>(
        "http",
        "Where the HTTP entrance listens. The default falls back to a free port.",
        Some(|| Raw::from("127.0.0.1:4100")),
    ),
    SettingDecl::new::<Vec<String>>(
        "http_names",
        "Names by which callers may come to the HTTP entrance, beside those of this machine, without a port.",
        Some(|| Raw::Array(Vec::new())),
    ),
    SettingDecl::new::<Option<PathBuf>>(
        "users",
        "The file of those who may call, with their roles; `user add` writes it. Not set: only who has the token.",
        None,
    ),
    SettingDecl::new::<Option<PathBuf>>(
        "tls_certificate",
        "The certificate of the HTTP entrance and those that vouch for it, a PEM file. Not set: no TLS.",
        None,
    ),
    SettingDecl::new::<Option<PathBuf>>(
        "tls_key",
        "The private key of `tls_certificate`, a PEM file that nobody but the user of the process may read.",
        None,
    ),
    SettingDecl::new::<Option<Collector>>(
        "otlp",
        "Where traces go, as OTLP over HTTP: the URL of an OpenTelemetry collector. Not set: nowhere.",
        None,
    ),
    SettingDecl::new::<Duration>(
        "stop_grace",
        "How long a stop waits for handlers that are running.",
        Some(|| Raw::from("30s")),
    ),
    SettingDecl::new::<LogFilter>(
        "log",
        "What the terminal shows and the event log keeps.",
        Some(|| Raw::from("info")),
    ),
];

/// Where the store of a production lies that says nothing of it: `iop-data/<its name in snake case>`.
pub(super) fn default_store(production: &str) -> StoreChoice {
    StoreChoice::Sqlite(["iop-data", &snake_case(production)].iter().collect())
}

/// The name of a production as people read it and directories have it: `HelloWorld` is `hello_world`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut words = String::new();
    let mut inside_a_word = false;
    for letter in name.chars() {
        if letter.is_uppercase() && inside_a_word {
            words.push('_');
        }
        inside_a_word = letter.is_lowercase() || letter.is_numeric();
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_snake_case_parts_words_and_keeps_abbreviations_whole() {
        assert_eq!(snake_case("HelloWorld"), "hello_world");
        assert_eq!(snake_case("HL7In"), "hl7_in");
        assert_eq!(snake_case("Lab2Go"), "lab2_go");
        assert_eq!(snake_case("lab_flow"), "lab_flow");
    }
}
