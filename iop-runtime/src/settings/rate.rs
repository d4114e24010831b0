//! A rate: so many in a time, `10/s`.

use std::time::Duration;

use super::range::Measure;
use super::{Raw, Setting};

/// So many in a time: `10/s`, `600/min`, `1000/h`, or in any duration, `5/10s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
}

impl Rate {
    /// So many in each `per`; `None` where either is zero.
    #[must_use]
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        (count > 0 && !per.is_zero()).then_some(Self { count, per })
    }

    /// The time from one to the next, where they are spread evenly.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.count
    }
}

impl Setting for Rate {
    const TYPE: &'static str = "rate (10/s, 600/min, 5/10s)";
    const RANGED: bool = true;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let read = |text: &str| {
            let (count, per) = text.split_once('/')?;
            let per = match per.trim() {
                "s" => Duration::from_secs(1),
                "m" | "min" => Duration::from_secs(60),
                "h" => Duration::from_secs(3600),
                "d" | "day" => Duration::from_secs(86_400),
                duration => Duration::from_raw(&Raw::from(duration)).ok()?,
            };
            Self::new(count.trim().parse().ok()?, per)
        };
        raw.as_str().and_then(read).ok_or_else(|| super::value::expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        let per = match self.per.as_secs() {
            1 if self.per.subsec_nanos() == 0 => "s".to_owned(),
            60 if self.per.subsec_nanos() == 0 => "min".to_owned(),
            3600 if self.per.subsec_nanos() == 0 => "h".to_owned(),
            _ => match self.per.to_raw() {
                Raw::String(text) => text,
                other => other.to_string(),
            },
        };
        Raw::from(format!("{}/{per}", self.count))
    }

    /// How many in a second.
    fn measures(&self) -> Vec<Measure> {
        vec![Measure::Real(f64::from(self.count) / self.per.as_secs_f64())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_and_a_time() {
        let millis = |text: &str| Rate::from_raw(&Raw::from(text)).map(|rate| rate.interval().as_millis());
        assert_eq!(millis("10/s"), Ok(100));
        assert_eq!(millis(" 600 / min "), Ok(100));
        assert_eq!(millis("5/10s"), Ok(2000));
        for wrong in ["10", "0/s", "10/", "/s", "-1/s", "10/0s", "10/fortnight"] {
            assert!(millis(wrong).is_err_and(|why| why.contains("expected rate")), "{wrong}");
        }
    }

    #[test]
    fn a_rate_reads_what_it_shows() {
        for text in ["10/s", "600/min", "1/h", "5/10s"] {
            let rate = Rate::from_raw(&Raw::from(text)).expect("a rate");
            assert_eq!(rate.to_raw(), Raw::from(text));
        }
    }
}
