//! `start`, `stop`, `restart`, and `pause` and `resume` of items: one item of the running production, or all of them.

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{SettingsArguments, StopArguments};
use super::exit::{Exit, Failure};
use super::remote::{Remote, segment};
use super::{Program, say, wait_for};
use crate::events::escaped;

/// What is to be done to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Start,
    /// With this behind the path.
    Stop(String),
    Restart(String),
    Pause,
    Resume,
}

impl Order {
    pub(crate) fn stop(arguments: &StopArguments) -> Self {
        Self::Stop(how(arguments))
    }

    pub(crate) fn restart(arguments: &StopArguments) -> Self {
        Self::Restart(how(arguments))
    }

    fn path(&self, item: &str) -> String {
        let (word, how) = match self {
            Self::Start => ("start", ""),
            Self::Stop(how) => ("stop", how.as_str()),
            Self::Restart(how) => ("restart", how.as_str()),
            Self::Pause => ("pause", ""),
            Self::Resume => ("resume", ""),
        };
        format!("/api/v1/items/{}/{word}{how}", segment(item))
    }
}

fn how(arguments: &StopArguments) -> String {
    match (arguments.now, arguments.timeout) {
        (true, _) => "?now=true".to_owned(),
        (false, Some(timeout)) => format!("?grace={}", timeout.as_secs_f64().ceil()),
        (false, None) => String::new(),
    }
}

impl Program {
    /// `start`, `stop`, `restart`.
    pub(crate) fn order(
        self,
        settings: &SettingsArguments,
        item: Option<&str>,
        order: &Order,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(settings)?;
        wait_for(async {
            match item {
                Some(item) => carry_out(&remote, item, order).await?,
                None => {
                    for item in self.in_order(order) {
                        carry_out(&remote, item, order).await?;
                    }
                }
            }
            Ok(Exit::Done)
        })
    }

    /// The same to these items.
    pub(crate) fn order_each(
        self,
        settings: &SettingsArguments,
        items: &[String],
        order: &Order,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(settings)?;
        wait_for(async {
            for item in items {
                carry_out(&remote, item, order).await?;
            }
            Ok(Exit::Done)
        })
    }

    /// As a production starts and stops: nobody is to send to what is not up yet, or not any more.
    fn in_order(self, order: &Order) -> Vec<&'static str> {
        let mut kinds = ["operation", "process", "service"];
        if *order != Order::Start {
            kinds.reverse();
        }
        let of = |kind: &'static str| self.graph.items.iter().filter(move |item| item.component.kind.as_str() == kind);
        kinds.into_iter().flat_map(of).map(|item| item.name).collect()
    }
}

async fn carry_out(remote: &Remote, item: &str, order: &Order) -> Result<(), Failure> {
    let answer: Value = remote.ask(Method::POST, &order.path(item), Bytes::new()).await?;
    let state = match order {
        Order::Stop(_) => "stopped",
        Order::Pause => "paused",
        Order::Start | Order::Restart(_) | Order::Resume => "running",
    };
    let is = if answer["changed"] == true { "is" } else { "was already" };
    say(&format!("`{}` {is} {state}", escaped(item)));
    Ok(())
}
