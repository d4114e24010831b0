//! Moving a request from the queue of one item into that of another, which handles its type as well.

use std::sync::Arc;

use super::{Act, By, Director, DirectorError, store_error};
use crate::engine::whole;
use crate::message::{Header, MessageId};
use crate::store::{Event, MessageQuery, OnRecord};

/// Messages of a session that are read at once.
const PAGE: usize = 500;

impl Director {
    /// Gives a request that waits, for a worker or for a person, to another item. It has the same id, body and keys, its place
    /// in the order of acceptance, and no attempts: whoever waits for its response gets that of the other item. One that has
    /// begun, so that something of it is outside or with others, is not moved; [`resend`](Self::resend) makes a new one of it.
    ///
    /// # Errors
    /// [`DirectorError::UnknownMessage`]; [`DirectorError::UnknownItem`]; [`DirectorError::UnknownType`] where the item does
    /// not take it; [`DirectorError::Invalid`] where its body is no such message any more; [`DirectorError::NotInQueue`] where
    /// it is over or a worker has it; [`DirectorError::Refused`] where it has begun. Nothing was changed then. Those of the
    /// store.
    pub async fn move_message(&self, id: MessageId, to: &str, by: impl Into<By>) -> Result<(), DirectorError> {
        let (director, to, by) = (self.clone(), to.to_owned(), by.into());
        let act = async move {
            let act = Act::new("message.move", format!("message {id}")).by(by.clone());
            let entry = director.entry(&act.clone().came_to(format!("done, to {to}")));
            let done = director.move_with(id, &to, &by, Some(entry.into())).await;
            director.recorded(act, done, |()| true).await
        };
        whole(act).await.map_err(store_error)?
    }

    /// As [`move_message`](Self::move_message), with how it is on record.
    pub(super) async fn move_with(
        &self,
        id: MessageId,
        to: &str,
        by: &By,
        record: Option<OnRecord>,
    ) -> Result<(), DirectorError> {
        let found = self.stored(id).await?;
        let (header, target) = (&found.header, self.index(to)?);
        let message = self.message_type(target, Some(&header.type_name))?;
        if header.status.is_finished() {
            return Err(DirectorError::NotInQueue(id));
        }
        if header.target.as_deref() == Some(to) {
            return Err(DirectorError::Refused(format!("{id} is in the queue of `{to}` already")));
        }
        self.has_not_begun(header).await?;
        let accepted = message
            .accept_stored(header.type_version, &found.body)
            .map_err(|invalid| DirectorError::Invalid { type_name: message.name, invalid })?;
        let done = crate::engine::redirect(&self.core, &found, target, &accepted.keys, record).await;
        if !done.map_err(store_error)? {
            return Err(DirectorError::NotInQueue(id));
        }
        let text = format!("moved to `{to}` by {by}");
        self.core.store.append_events(vec![Event::decided(header, &text, self.core.clock.now())]);
        Ok(())
    }

    /// Another item would take what a first attempt has left for its own: the state of a process, the intent of an operation
    /// that acts at most once, the responses to what was sent.
    async fn has_not_begun(&self, header: &Header) -> Result<(), DirectorError> {
        let id = header.id;
        let begun = |what: &str| {
            let problem = format!("{id} has begun and {what}; discard it, and `resend` it to another item");
            Err(DirectorError::Refused(problem))
        };
        if self.core.store.load_state(id).await.map_err(store_error)?.is_some() {
            return begun("has a state, or may have acted outside");
        }
        if header.started.is_none() {
            return Ok(());
        }
        let mut after = Some(header.sequence);
        while after.is_some() {
            let query = MessageQuery {
                session: Some(header.session),
                item: header.target.as_ref().map(Arc::clone),
                after,
                limit: PAGE,
                oldest_first: true,
                ..MessageQuery::default()
            };
            let page = self.core.store.query(query).await.map_err(store_error)?;
            if page.iter().any(|other| other.parent == Some(id)) {
                return begun("has sent messages");
            }
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.sequence);
        }
        Ok(())
    }
}
