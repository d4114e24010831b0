//! A store that is a copy: its operations do not start by themselves until somebody releases them.

use std::sync::{Arc, PoisonError};

use super::core::Core;
use super::item::ItemState;
use super::{log, supervisor};
use crate::component::ComponentKind;
use crate::store::{AuditRecord, Deed, HELD, Held, StoreError};

impl Core {
    /// Of what this store is a copy, where its operations are held.
    pub(crate) fn held(&self) -> Option<Arc<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether an item must not start by itself.
    pub(crate) fn holds(&self, item: &ItemState) -> bool {
        item.kind() == ComponentKind::Operation && self.held().is_some()
    }

    fn set_held(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held.map(Arc::new);
    }
}

/// Looks whether the store is a copy, before anything starts.
pub(crate) async fn look(core: &Core) {
    let held = match Held::of(&*core.store).await {
        Ok(held) => held,
        Err(error) => {
            core.failure.report(&error);
            // Nobody knows: then nothing is done outside.
            Some(Held::unknown())
        }
    };
    if let Some(held) = held {
        let text: Arc<str> = held.to_string().into();
        log::engine_span(core).in_scope(|| log::held(&text));
        core.set_held(Some(held));
        for item in core.items.iter().filter(|item| core.holds(item)) {
            item.set_error(Some(Arc::clone(&text)));
        }
    }
}

/// Lets the operations go, which is on record in the same commit; `false` where they were not held.
pub(crate) async fn release(core: &Arc<Core>, entry: AuditRecord) -> Result<bool, StoreError> {
    let held: Vec<_> = core.items.iter().filter(|item| core.holds(item)).map(Arc::clone).collect();
    if core.held().is_none() {
        return Ok(false);
    }
    core.store.act(Deed::Note(HELD.into(), "".into()), entry.into()).await?;
    core.set_held(None);
    for item in held {
        if !item.is_up() {
            item.set_error(None);
        }
        if supervisor::starts_by_itself(core, &item) {
            let core = Arc::clone(core);
            supervisor::to_the_end(async move { supervisor::start_item(&core, &item).await }).await;
        }
    }
    Ok(true)
}
