//! Taking in messages from a file: each request becomes a new message in the queue of an item, through the type that the item
//! has for it. What was imported once is known again, so an import that broke off is simply repeated.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::view::Shown;
use super::{Act, By, Director, DirectorError, entering, store_error};
use crate::message::{Accepted, Kind, MessageId, MessageType, Priority, blobs_in};
use crate::search::IMPORTED_FROM;
use crate::store::{Commit, Outcome, Step};

/// A message of an export, as far as an import reads it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ImportedLine {
    /// The message that was exported.
    pub id: MessageId,
    /// The item that it was for.
    pub target: Option<Arc<str>>,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Arc<str>,
    /// The version of its type.
    pub version: u32,
    /// Only requests are taken in.
    pub kind: Kind,
    /// Its lane.
    pub priority: Priority,
    /// How much of it there is.
    pub shown: Shown,
    /// Its body.
    #[schemars(with = "serde_json::Value")]
    pub body: Box<RawValue>,
}

/// How messages are taken in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Importing {
    /// All to this item, in place of their own.
    pub to: Option<String>,
    /// Only looks whether they could be.
    pub dry_run: bool,
    /// Who asks for it, and why.
    pub by: By,
}

impl Importing {
    /// Each message to its own item, in the name of `by`.
    #[must_use]
    pub fn by(by: impl Into<By>) -> Self {
        Self { to: None, dry_run: false, by: by.into() }
    }
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Imported {
    /// It waits in the queue, as this message; or it would.
    New {
        /// The new message.
        id: MessageId,
    },
    /// It was imported before, as this message.
    Known {
        /// The message.
        id: MessageId,
    },
    /// It is no request: responses and timers belong to the turns of others.
    LeftOut,
    /// It cannot be taken in.
    Refused {
        /// Why.
        error: String,
    },
}

/// A line that can be taken in.
struct Ready {
    new: MessageId,
    index: usize,
    message: &'static MessageType,
    accepted: Accepted,
}

impl Director {
    /// Takes messages in, in their order. Each is a new message with an id that derives from the old one and its item, in a
    /// session of its own; `key.imported_from:ID` finds it. A line that is refused does not keep the others out.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`] where all are to go to an item that is none; those of the store. What is stored by then
    /// is known when it is done again.
    pub async fn import(&self, lines: &[ImportedLine], how: Importing) -> Result<Vec<Imported>, DirectorError> {
        if let Some(to) = &how.to {
            self.index(to)?;
        }
        if how.dry_run {
            return self.looked_at(lines, &how).await;
        }
        let object = how.to.as_ref().map_or_else(|| "messages".to_owned(), |to| format!("messages, to {to}"));
        let act = Act::new("messages.import", object).by(how.by.clone());
        self.begins(&act).await?;
        let done = self.import_unrecorded(lines, &how).await;
        let words = |done: &Vec<Imported>| {
            let count = |is: fn(&Imported) -> bool| done.iter().filter(|line| is(line)).count();
            let new = count(|line| matches!(line, Imported::New { .. }));
            let refused = count(|line| matches!(line, Imported::Refused { .. }));
            format!("{new} of {} imported, {refused} refused", done.len()).into()
        };
        self.audited(act, done, words).await
    }

    async fn looked_at(&self, lines: &[ImportedLine], how: &Importing) -> Result<Vec<Imported>, DirectorError> {
        let mut all = Vec::with_capacity(lines.len());
        for line in lines {
            all.push(match self.ready(line, how).await {
                Ok(Ready { new: id, .. }) if self.core.store.find(id).await.map_err(store_error)?.is_some() => {
                    Imported::Known { id }
                }
                Ok(Ready { new: id, .. }) => Imported::New { id },
                Err(other) => other,
            });
        }
        Ok(all)
    }

    /// One commit is waited for, not one for each.
    async fn import_unrecorded(&self, lines: &[ImportedLine], how: &Importing) -> Result<Vec<Imported>, DirectorError> {
        self.has_room()?;
        let mut all: Vec<(Imported, Option<Commit>)> = Vec::with_capacity(lines.len());
        for line in lines {
            all.push(match self.ready(line, how).await {
                Ok(ready) => (Imported::New { id: ready.new }, Some(self.take_in(line, ready, &how.by))),
                Err(other) => (other, None),
            });
        }
        let mut results = Vec::with_capacity(all.len());
        for (imported, commit) in all {
            let outcome = match &commit {
                Some(commit) => Some(self.core.durable(commit).await.map_err(store_error)?),
                None => None,
            };
            results.push(match (imported, outcome) {
                (Imported::New { id }, Some(Outcome::Committed { duplicates })) if duplicates.contains(&id) => {
                    Imported::Known { id }
                }
                (imported, _) => imported,
            });
        }
        Ok(results)
    }

    fn take_in(&self, line: &ImportedLine, ready: Ready, by: &By) -> Commit {
        let Ready { new, index, message, accepted } = ready;
        let mut emission = entering(&self.core, index, message, accepted, new);
        // The store knows what was imported before.
        emission.maybe_stored = true;
        let emitted = &mut emission.message;
        emitted.priority = line.priority;
        emitted.description = Some(Arc::from(format!("imported by {by}")));
        emitted.keys.push((IMPORTED_FROM, line.id.to_string()));
        self.core.submit(Step::default(), vec![emission])
    }

    async fn ready(&self, line: &ImportedLine, how: &Importing) -> Result<Ready, Imported> {
        let refused = |error: String| Imported::Refused { error };
        if line.kind != Kind::Request {
            return Err(Imported::LeftOut);
        }
        if line.shown != Shown::Open {
            return Err(refused("its body is not all there: export it with `--reveal`".to_owned()));
        }
        let Some(target) = how.to.as_deref().or(line.target.as_deref()) else {
            return Err(refused("it is for no item: say which with `--to`".to_owned()));
        };
        let known = self.index(target).and_then(|index| Ok((index, self.message_type(index, Some(&line.type_name))?)));
        let (index, message) = known.map_err(|error| refused(error.to_string()))?;
        let body = line.body.get().as_bytes();
        let accepted = message
            .accept_stored(line.version, body)
            .map_err(|invalid| refused(DirectorError::Invalid { type_name: message.name, invalid }.to_string()))?;
        for blob in blobs_in(body) {
            if let Err(error) = self.core.store.blobs().open(blob).await {
                return Err(refused(format!("it refers to a content that is not in this store: {error}")));
            }
        }
        let new = MessageId::of_input(&[b"import", target.as_bytes(), &line.id.to_bytes()]);
        Ok(Ready { new, index, message, accepted })
    }
}
