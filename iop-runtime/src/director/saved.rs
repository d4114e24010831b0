//! Searches that people keep under a name: in the store, and so the same for everybody, in console, command line and API.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, By, Director, DirectorError, store_error};
use crate::clock::Timestamp;
use crate::search::Query;
use crate::store::{Deed, StoreError, Viewer};

/// The note of the store that they are kept in.
const NOTE: &str = "iop.searches";

/// Searches that are kept at most: more than anybody looks through.
const MOST: usize = 200;

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

/// A search with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SavedSearch {
    /// Its name.
    pub name: String,
    /// The query in its one form; `since:1h` is an hour before it is asked.
    pub query: String,
    /// Who has saved it.
    pub by: String,
    /// When.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub saved: Timestamp,
}

/// The searches that a store keeps, by name.
///
/// # Errors
/// Where the store cannot be read.
pub(crate) async fn saved_in(viewer: &dyn Viewer) -> Result<Vec<SavedSearch>, StoreError> {
    let Some(text) = viewer.note(NOTE.into()).await? else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|error| StoreError::Read(format!("saved searches: {error}").into()))
}

impl Director {
    /// The searches that are kept, by name.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn saved_searches(&self) -> Result<Vec<SavedSearch>, DirectorError> {
        saved_in(&*self.core.store).await.map_err(store_error)
    }

    /// Keeps a search under a name, in place of one that has it.
    ///
    /// # Errors
    /// [`DirectorError::Refused`] where the name is none, or there are too many; those of the store.
    pub async fn save_search(
        &self,
        name: &str,
        query: &Query,
        by: impl Into<By>,
    ) -> Result<SavedSearch, DirectorError> {
        let (name, by) = (name.trim(), by.into());
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let problem = format!("a search is saved under a name of 1 to {LONGEST_NAME} characters");
            return Err(DirectorError::Refused(problem));
        }
        let saved = self.core.clock.now();
        let query = query.to_string();
        let search = SavedSearch { name: name.to_owned(), query: query.clone(), by: by.who().to_owned(), saved };
        let new = search.clone();
        let act = Act::new("search.save", format!("search `{name}`: {query}")).by(by);
        let done = self.change_searches(&act, |all| {
            if all.len() >= MOST && !all.contains_key(&new.name) {
                let problem = format!("{MOST} searches are saved already: delete one that nobody needs");
                return Err(DirectorError::Refused(problem));
            }
            all.insert(new.name.clone(), new);
            Ok(true)
        });
        let done = done.await;
        self.recorded(act, done, |done| *done).await?;
        Ok(search)
    }

    /// Forgets a search; `false` where there is none of that name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn delete_search(&self, name: &str, by: impl Into<By>) -> Result<bool, DirectorError> {
        let act = Act::new("search.delete", format!("search `{name}`")).by(by.into());
        let done = self.change_searches(&act, |all| Ok(all.remove(name).is_some())).await;
        self.recorded(act, done, |done| *done).await
    }

    /// Changes what is kept, one change after the other, and puts the act on record with it.
    async fn change_searches(
        &self,
        act: &Act,
        change: impl FnOnce(&mut BTreeMap<String, SavedSearch>) -> Result<bool, DirectorError>,
    ) -> Result<bool, DirectorError> {
        let _alone = self.core.searches.lock().await;
        let all = self.saved_searches().await?.into_iter();
        let mut all: BTreeMap<String, SavedSearch> = all.map(|search| (search.name.clone(), search)).collect();
        let changed = change(&mut all)?;
        if changed {
            let all: Vec<SavedSearch> = all.into_values().collect();
            let text = serde_json::to_string(&all).map_err(|error| DirectorError::Unknown(error.to_string()))?;
            let note = Deed::Note(NOTE.into(), Arc::from(text));
            self.core.store.act(note, self.entry(act).into()).await.map_err(store_error)?;
        }
        Ok(changed)
    }
}
