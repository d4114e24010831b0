//! `start`, `stop`, `restart`, and `pause` and `resume` of items: one item of the running production, those of a category, or
//! all of them.

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::arguments::{PauseArguments, SettingsArguments, StopArguments, WhichItems};
use super::exit::{Exit, Failure};
use super::remote::{Remote, segment};
use super::{Program, say, status, wait_for};
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
        which: &WhichItems,
        order: &Order,
    ) -> Result<Exit, Failure> {
        let remote = self.remote(settings)?;
        wait_for(async {
            match &which.item {
                Some(item) => carry_out(&remote, item, order).await?,
                None => {
                    for item in in_order(&remote, order, &which.category).await? {
                        carry_out(&remote, &item, order).await?;
                    }
                }
            }
            Ok(Exit::Done)
        })
    }

    /// `pause`.
    pub(crate) fn pause(self, settings: &SettingsArguments, arguments: &PauseArguments) -> Result<Exit, Failure> {
        if arguments.category.is_empty() {
            return self.order_each(settings, &arguments.items, &Order::Pause);
        }
        self.order(settings, &WhichItems::of(&arguments.category), &Order::Pause)
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
}

/// The items of the running production that are meant, in the order in which a production starts and stops: nobody is to send
/// to what is not up yet, or not any more.
async fn in_order(remote: &Remote, order: &Order, categories: &[String]) -> Result<Vec<String>, Failure> {
    let mut status: Value = remote.ask(Method::GET, "/api/v1/status", Bytes::new()).await?;
    if !categories.is_empty() {
        status::only_of(&mut status, categories)?;
    }
    let mut kinds = ["operation", "process", "service"];
    if *order != Order::Start {
        kinds.reverse();
    }
    let items = status::items(&status);
    let of = |kind: &'static str| items.iter().filter(move |item| item["kind"] == kind);
    Ok(kinds.into_iter().flat_map(of).filter_map(|item| item["name"].as_str()).map(str::to_owned).collect())
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
