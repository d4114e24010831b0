//! Where traces go: the URL of an OpenTelemetry collector.

use super::value::expected;
use super::{Raw, Setting};

/// The URL of a collector that takes OTLP over HTTP. What travels there is not encrypted: it is on this machine, or on a
/// network that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    authority: String,
    path: String,
}

impl Collector {
    /// Name and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What stands before `/v1/traces`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Setting for Collector {
    const TYPE: &'static str = "URL of a collector (http://127.0.0.1:4318)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        if !cfg!(feature = "otel") {
            let problem =
                "this program exports no traces; give the dependency on `iop` the feature `otel` in its Cargo.toml";
            return Err(problem.to_owned());
        }
        let text = raw.as_str().unwrap_or_default().trim();
        if text.starts_with("https://") {
            return Err(
                "traces are sent without TLS; name a collector on this machine, which can go on with it".to_owned()
            );
        }
        let (authority, path) = text
            .strip_prefix("http://")
            .map(|rest| rest.find('/').map_or((rest, ""), |at| rest.split_at(at)))
            .filter(|(authority, _)| !authority.is_empty() && !text.contains(['?', '#', '@', ' ']))
            .ok_or_else(|| expected::<Self>(raw))?;
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:4318") };
        Ok(Self { authority, path: path.trim_end_matches('/').to_owned() })
    }

    fn to_raw(&self) -> Raw {
        Raw::from(format!("http://{}{}", self.authority, self.path))
    }
}
