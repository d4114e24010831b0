//! One message to several items: what a [`Targets`] is for, and an `Option<Target<M>>`, which is a list of none or one.
//!
//! Everything here takes any list of targets: `&self.copies`, `&self.audit` where that is an `Option`, or an iterator
//! that leaves some out.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{Ready, ready};
use futures_util::stream::FuturesUnordered;

use super::requests::{AsyncRequest, Call, CallResult};
use super::target::{Awaitable, Carries, Target, Targets};
use super::{Context, Error, RequestError, Result};
use crate::message::Message;

impl Context {
    /// Sends the message to each of `targets` and goes on: `cx.send_to_all(&self.copies, note).await?` gives how many
    /// there are. In a process each response comes to `on_response`, with the item's name as its completion key. All of
    /// them are sent when the turn commits.
    pub fn send_to_all<'t, S, M, P, W, T>(&mut self, targets: T, message: M) -> ToAll<M>
    where
        T: IntoIterator<Item = &'t Target<S, W>>,
        S: Carries<M, P> + 't,
        W: 't,
        M: Message + Clone,
    {
        let targets: Vec<_> = targets.into_iter().collect();
        let messages = std::iter::repeat_n(message, targets.len());
        let send = |(target, message): (&Target<S, W>, M)| {
            self.send_request_async(target, message).completion_key(Arc::clone(&target.item))
        };
        ToAll(targets.into_iter().zip(messages).map(send).collect())
    }

    /// Asks each of `targets` at once and waits for all: what became of each, in the order of the targets. One that fails
    /// does not hide the others.
    pub async fn call_all<'t, S, M, P, W, T>(&mut self, targets: T, message: M) -> Vec<CallResult<M>>
    where
        T: IntoIterator<Item = &'t Target<S, W>>,
        S: Carries<M, P> + 't,
        W: Awaitable + 't,
        M: Message + Clone,
    {
        let calls: Vec<_> = targets.into_iter().map(|target| Call::new(target, message.clone())).collect();
        self.send_multi_request_sync(calls).await
    }

    /// Asks each of `targets` at once and takes the first response: the name of the item, and what it answered. The
    /// responses of the others are stored and marked late.
    ///
    /// # Errors
    /// [`NoAnswer`] where none responds, with the reason of each.
    pub async fn call_first<'t, S, M, P, W, T>(
        &mut self,
        targets: T,
        message: M,
    ) -> Result<(Arc<str>, M::Response), NoAnswer>
    where
        T: IntoIterator<Item = &'t Target<S, W>>,
        S: Carries<M, P> + 't,
        W: Awaitable + 't,
        M: Message + Clone,
    {
        let ask = |(place, target): (usize, &Target<S, W>)| {
            let (item, call) = (Arc::clone(&target.item), self.send_request_async_ng(target, message.clone()));
            async move { (place, item, call.await) }
        };
        // Collected first: the requests have their places in the turn before the first one is sent.
        let mut calls: FuturesUnordered<_> = targets.into_iter().enumerate().map(ask).collect();
        let mut failed = Vec::new();
        while let Some((place, item, response)) = calls.next().await {
            match response {
                Ok(response) => return Ok((item, response)),
                Err(error) => failed.push((place, item, error)),
            }
        }
        failed.sort_by_key(|(place, ..)| *place);
        Err(NoAnswer { reasons: failed.into_iter().map(|(_, item, error)| (item, error)).collect() })
    }
}

/// One message to several items whose sender goes on; see [`Context::send_to_all`].
#[must_use = "it is sent by `.await`"]
pub struct ToAll<M>(Vec<AsyncRequest<M>>);

impl<M> ToAll<M> {
    /// With `false` no responses are made, and neither `on_response` nor `on_complete` waits for them.
    pub fn response_required(self, required: bool) -> Self {
        Self(self.0.into_iter().map(|request| request.response_required(required)).collect())
    }

    /// A note that the trace shows beside each.
    pub fn description(self, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self(self.0.into_iter().map(|request| request.description(Arc::clone(&text))).collect())
    }
}

impl<M: Message> IntoFuture for ToAll<M> {
    type Output = Result<usize, RequestError>;
    type IntoFuture = Ready<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let count = self.0.len();
        ready(self.0.into_iter().try_for_each(AsyncRequest::send).map(|()| count))
    }
}

impl<M> fmt::Debug for ToAll<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToAll").field(&self.0).finish()
    }
}

/// None of several items responded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", no_answer(reasons))]
#[non_exhaustive]
pub struct NoAnswer {
    /// Each item that was asked, and why it gave no response, in the order of the targets.
    pub reasons: Vec<(Arc<str>, RequestError)>,
}

fn no_answer(reasons: &[(Arc<str>, RequestError)]) -> String {
    if reasons.is_empty() {
        return "there is no item to ask: the list of targets is empty".to_owned();
    }
    let reasons: Vec<_> = reasons.iter().map(|(_, error)| error.to_string()).collect();
    reasons.join("; ")
}

impl<S, W> Targets<S, W> {
    /// How many items they lead to.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether they lead nowhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The target that leads to the item of this name.
    #[must_use]
    pub fn named(&self, item: &str) -> Option<&Target<S, W>> {
        self.iter().find(|target| target.item() == item)
    }

    /// Chooses by the name of the item, which comes from a setting, a lookup table or the message: a router whose table
    /// is data. What happens where there is no such item must be said: [`Chosen::otherwise`] or [`Chosen::or_suspend`].
    ///
    /// ```
    /// # use iop::prelude::*;
    /// # #[message] pub struct Letter { pub country: String }
    /// # fn choose<'a>(offices: &'a Targets<Letter>, abroad: &'a Target<Letter>, letter: &Letter) -> Result<&'a Target<Letter>> {
    /// let to = offices.choose(letter.country.as_str()).otherwise(abroad);
    /// # let _ = to;
    /// let to = offices.choose(letter.country.as_str()).or_suspend()?;
    /// # Ok(to) }
    /// ```
    pub fn choose<'n>(&self, item: impl Into<Option<&'n str>>) -> Chosen<'_, 'n, S, W> {
        let wanted = item.into();
        Chosen { found: wanted.and_then(|name| self.named(name)), wanted, among: self }
    }
}

/// The outcome of [`Targets::choose`], until it is said what happens where nothing fits.
#[must_use = "say what happens where no item fits: `.otherwise(&self.rest)` or `.or_suspend()?`"]
pub struct Chosen<'t, 'n, S, W> {
    found: Option<&'t Target<S, W>>,
    wanted: Option<&'n str>,
    among: &'t Targets<S, W>,
}

impl<'t, S, W> Chosen<'t, '_, S, W> {
    /// The target that was chosen, else this one.
    #[must_use]
    pub fn otherwise(self, rest: &'t Target<S, W>) -> &'t Target<S, W> {
        self.found.unwrap_or(rest)
    }

    /// The target that was chosen; otherwise the message waits for a person.
    ///
    /// # Errors
    /// Fatal, naming what was looked for and what there is.
    pub fn or_suspend(self) -> Result<&'t Target<S, W>> {
        self.found.ok_or_else(|| {
            let items: Vec<_> = self.among.iter().map(|target| format!("`{}`", target.item())).collect();
            let wanted = self.wanted.map_or_else(|| "no choice".to_owned(), |name| format!("`{name}`"));
            Error::fatal(format!("{wanted} fits none of the routes: {}", items.join(", ")))
        })
    }
}

impl<S, W> fmt::Debug for Chosen<'_, '_, S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen").field("wanted", &self.wanted).field("found", &self.found).finish()
    }
}
