//! Who acts through a director, and that what they did is on record: every act has an entry in the audit log of the store.
//!
//! An act that is one commit has its entry in that commit: both are stored, or neither. One that takes longer, or is done
//! outside of the store, has an entry when it begins, without which it is not done, and another one with what came of it. What
//! was refused, or had nothing to do, is recorded as that. Where an entry cannot be stored, the production starts over from what
//! is stored, as after every failed commit.

use std::fmt;
use std::sync::Arc;

use super::{Director, DirectorError, store_error};
use crate::store::{AuditEntry, AuditHash, AuditQuery, AuditRecord, StoreError};

/// In whose name a director acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(super) who: Arc<str>,
    pub(super) role: Arc<str>,
    pub(super) from: Arc<str>,
}

impl Actor {
    /// Somebody, in a role, from an address or a place with a name.
    #[must_use]
    pub fn new(who: impl Into<Arc<str>>, role: impl Into<Arc<str>>, from: impl Into<Arc<str>>) -> Self {
        Self { who: who.into(), role: role.into(), from: from.into() }
    }

    /// The program that the production runs in.
    pub(super) fn program() -> Arc<Self> {
        Arc::new(Self::new("the program", "program", "in process"))
    }
}

/// Who decided something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    who: Arc<str>,
    reason: Option<Arc<str>>,
}

impl By {
    /// This person.
    #[must_use]
    pub fn new(who: impl Into<Arc<str>>) -> Self {
        Self { who: who.into(), reason: None }
    }

    /// For this reason; an empty one is none.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
        Self { reason: reason.map(Arc::from), ..self }
    }
}

impl By {
    /// Who.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for By {
    /// `eve: no such patient`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{}: {reason}", self.who),
            None => f.write_str(&self.who),
        }
    }
}

impl From<&str> for By {
    fn from(who: &str) -> Self {
        Self::new(who)
    }
}

impl From<String> for By {
    fn from(who: String) -> Self {
        Self::new(who)
    }
}

impl From<Arc<str>> for By {
    fn from(who: Arc<str>) -> Self {
        Self::new(who)
    }
}

/// What was done, before it is on record: [`Director::record`].
#[derive(Debug, Clone)]
#[must_use = "an act is on record only when the director has recorded it"]
pub struct Act {
    action: Arc<str>,
    object: Arc<str>,
    by: Option<By>,
    before: Option<AuditHash>,
    after: Option<AuditHash>,
    result: Arc<str>,
}

impl Act {
    /// An action, `message.view`, and what was acted on, `message 0192…`. It is done unless [`came_to`](Self::came_to) says
    /// otherwise.
    pub fn new(action: impl Into<Arc<str>>, object: impl Into<Arc<str>>) -> Self {
        let (action, object) = (action.into(), object.into());
        Self { action, object, by: None, before: None, after: None, result: "done".into() }
    }

    /// In the name of somebody else than the director acts for.
    pub fn by(self, by: By) -> Self {
        Self { by: Some(by), ..self }
    }

    /// What the object was, and what it is now.
    pub fn changed(self, before: Option<AuditHash>, after: Option<AuditHash>) -> Self {
        Self { before, after, ..self }
    }

    /// What came of it.
    pub fn came_to(self, result: impl Into<Arc<str>>) -> Self {
        Self { result: result.into(), ..self }
    }

    /// As an entry, where it is done by `actor`.
    pub(crate) fn entry(self, actor: &Actor) -> AuditRecord {
        let Self { action, object, by, before, after, result } = self;
        let by = by.unwrap_or_else(|| By::new(Arc::clone(&actor.who)));
        AuditRecord {
            who: by.who,
            role: Arc::clone(&actor.role),
            from: Arc::clone(&actor.from),
            action,
            object,
            reason: by.reason,
            before,
            after,
            result,
        }
    }
}

impl Director {
    /// The same director in the name of `actor`: what is done through it is on record so.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { core: Arc::clone(&self.core), actor: Arc::new(actor) }
    }

    /// In whose name this director acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Puts an act on record. It returns when the entry is durable.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn record(&self, act: Act) -> Result<AuditEntry, DirectorError> {
        self.append(act).await.map_err(store_error)
    }

    /// The entry of an act, for the commit that does it.
    pub(super) fn entry(&self, act: &Act) -> AuditRecord {
        act.clone().entry(&self.actor)
    }

    async fn append(&self, act: Act) -> Result<AuditEntry, StoreError> {
        let recorded = self.core.store.append_audit(act.entry(&self.actor)).await;
        if let Err(error) = &recorded {
            self.core.failure.report(error);
        }
        recorded
    }

    /// Entries of the audit log.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditEntry>, DirectorError> {
        self.core.store.audit(query).await.map_err(store_error)
    }

    /// Puts on record that an act begins, before anything is done. Without that, nothing is.
    pub(super) async fn begins(&self, act: &Act) -> Result<(), DirectorError> {
        match self.append(act.clone().came_to("begun")).await {
            // A production that has ended does nothing any more.
            Ok(_) | Err(StoreError::Closed) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Passes on what came of an act that is on record where it is done. Where it is not, that is put on record.
    pub(super) async fn recorded<T>(
        &self,
        act: Act,
        result: Result<T, DirectorError>,
        is_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, DirectorError> {
        if result.as_ref().is_ok_and(is_done) {
            return result;
        }
        self.audited(act, result, |_| done_or_not(&false)).await
    }

    /// Puts on record what came of an act, and passes it on.
    pub(super) async fn audited<T>(
        &self,
        act: Act,
        result: Result<T, DirectorError>,
        words: impl FnOnce(&T) -> Arc<str>,
    ) -> Result<T, DirectorError> {
        let text = result.as_ref().map_or_else(|error| failed(error), words);
        let recorded = self.append(act.came_to(text)).await;
        let value = result?;
        match recorded {
            // A production that has ended does nothing any more: there was nothing to put on record.
            Ok(_) | Err(StoreError::Closed) => Ok(value),
            Err(error) => Err(store_error(error)),
        }
    }
}

/// The result of what was not done.
pub(super) fn failed(error: &dyn fmt::Display) -> Arc<str> {
    format!("failed: {error}").into()
}

/// The result of what may have had nothing to do.
pub(super) fn done_or_not(done: &bool) -> Arc<str> {
    if *done { "done" } else { "nothing to do" }.into()
}
