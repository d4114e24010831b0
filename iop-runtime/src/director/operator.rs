//! What a person does with messages that wait for a decision, and with those that are over: resend. Resuming and
//! discarding stand with the other calls.

use std::sync::Arc;

use bytes::Bytes;

use super::{Act, Actor, By, Called, Director, DirectorError, entering, store_error};
use crate::clock::Clock;
use crate::engine::{at_rest, whole};
use crate::message::{Invocation, Kind, MessageId, MessageType};
use crate::search::RESENT_FROM;
use crate::settings::ResolvedProduction;
use crate::store::{AuditHash, AuditRecord, Commit, Event, MessageQuery, OnRecord, Step, Store, StoredMessage};

/// How a message is sent once more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resend {
    /// To another item than its own.
    pub to: Option<String>,
    /// With another body, as JSON.
    pub body: Option<Bytes>,
    /// Also where it was resent already.
    pub force: bool,
    /// Who asks for it, and why.
    pub by: By,
}

impl Resend {
    /// The same body to the same item, in the name of `by`.
    #[must_use]
    pub fn by(by: impl Into<By>) -> Self {
        Self { to: None, body: None, force: false, by: by.into() }
    }
}

impl Director {
    /// A production that does not run, so that its store can be worked on: no item is started, and what is put into a queue
    /// waits there for the next start. Close the [store](Self::store) in the end.
    #[must_use]
    pub fn at_rest(resolved: ResolvedProduction, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { core: at_rest(resolved, store, clock), actor: Actor::program() }
    }

    /// Lets the operations of a store that is a copy go, and starts them; `false` where they were not held.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn release(&self, by: impl Into<By>) -> Result<bool, DirectorError> {
        let (director, by) = (self.clone(), by.into());
        let act = async move {
            let act = Act::new("store.release", "store").by(by);
            let done = crate::engine::held::release(&director.core, director.entry(&act)).await;
            director.recorded(act, done.map_err(store_error), |done| *done).await
        };
        whole(act).await.map_err(store_error)?
    }

    /// Sends a stored request once more: a new message in the session of the old one, which is its parent. The old one stays
    /// as it is; `messages find key.resent_from:ID` finds what became of it. Nobody waits for the response; it is stored.
    ///
    /// # Errors
    /// [`DirectorError::UnknownMessage`]; [`DirectorError::Invalid`] where the body does not fit;
    /// [`DirectorError::AlreadyResent`] where somebody was faster, unless it is [forced](Resend::force);
    /// [`DirectorError::UnknownType`] where the item does not take it; nothing was stored then. Those of the store.
    pub async fn resend(&self, id: MessageId, resend: Resend) -> Result<Called, DirectorError> {
        let original = self.stored(id).await?;
        let after = resend.body.as_ref().map(|body| AuditHash::of(body));
        let before = after.map(|_| AuditHash::of(&original.body));
        let act = Act::new("message.resend", format!("message {id}")).by(resend.by.clone()).changed(before, after);
        let new = MessageId::random();
        let entry = self.entry(&act.clone().came_to(format!("done, as {new}")));
        let resent = self.resend_stored(&original, resend, new, entry).await;
        self.recorded(act, resent, |_| true).await
    }

    async fn resend_stored(
        &self,
        original: &StoredMessage,
        resend: Resend,
        new: MessageId,
        entry: AuditRecord,
    ) -> Result<Called, DirectorError> {
        let commit = self.submit_again(original, &resend, new, Some(entry.into())).await?;
        self.core.durable(&commit).await.map_err(store_error)?;
        Ok(Called { id: new, session: original.header.session, response: None })
    }

    /// Submits a stored request once more, as `new` and with how that is on record; no second message where it is stored
    /// already.
    pub(super) async fn submit_again(
        &self,
        original: &StoredMessage,
        resend: &Resend,
        new: MessageId,
        record: Option<OnRecord>,
    ) -> Result<Commit, DirectorError> {
        self.has_room()?;
        let core = &self.core;
        let header = &original.header;
        let target = resend.to.as_deref().or(header.target.as_deref()).unwrap_or_default();
        let index = self.index(target)?;
        let message = self.message_type(index, Some(&header.type_name))?;
        let accepted = accepted(message, original, resend.body.as_ref())?;
        if !resend.force {
            self.not_resent(header.id, new).await?;
        }
        let mut emission = entering(core, index, message, accepted, new);
        emission.maybe_stored = true;
        let emitted = &mut emission.message;
        emitted.session = header.session;
        emitted.parent = Some(header.id);
        // A response is stored, with nobody to wait for it.
        emitted.invocation = Invocation::Sync;
        emitted.priority = header.priority;
        let edited = if resend.body.is_some() { " with another body" } else { "" };
        emitted.description = Some(Arc::from(format!("resent by {}{edited}", resend.by)));
        emitted.keys.push((RESENT_FROM, header.id.to_string()));
        let commit = core.submit(Step { record: record.map(Box::new), ..Step::default() }, vec![emission]);
        let text = format!("resent to `{target}` as {new}{edited} by {}", resend.by);
        core.store.append_events(vec![Event::decided(header, &text, core.clock.now())]);
        Ok(commit)
    }

    /// Nobody has sent it once more, unless as `new`.
    async fn not_resent(&self, id: MessageId, new: MessageId) -> Result<(), DirectorError> {
        let key = Some((RESENT_FROM.into(), id.to_string().into()));
        let query = MessageQuery { key, limit: 2, ..MessageQuery::default() };
        let resent = self.core.store.query(query).await.map_err(store_error)?;
        match resent.iter().find(|header| header.id != new) {
            Some(header) => Err(DirectorError::AlreadyResent { id, new: header.id }),
            None => Ok(()),
        }
    }

    pub(super) async fn stored(&self, id: MessageId) -> Result<StoredMessage, DirectorError> {
        let found = self.core.store.find(id).await.map_err(store_error)?;
        found.filter(|found| found.header.kind == Kind::Request).ok_or(DirectorError::UnknownMessage(id))
    }
}

/// The body as its type has it: what was stored before may be of an older version, what a person wrote may not.
fn accepted(
    message: &'static MessageType,
    original: &StoredMessage,
    edited: Option<&Bytes>,
) -> Result<crate::message::Accepted, DirectorError> {
    let read = match edited {
        Some(body) => message.accept(body),
        None => message.accept_stored(original.header.type_version, &original.body),
    };
    read.map_err(|invalid| DirectorError::Invalid { type_name: message.name, invalid })
}
