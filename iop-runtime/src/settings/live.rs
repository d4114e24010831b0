//! Values that change while a production runs: [`Live`] settings, and the [`Feed`] that brings an item its news.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use super::range::Measure;
use super::tables::{TableKind, Tables};
use super::value::{Raw, Setting};

/// A setting that a reload may change while the item runs: every [`get`](Self::get) gives the newest value.
///
/// ```
/// # use iop::settings::Live;
/// let limit = Live::new(10);
/// assert_eq!(limit.get(), 10);
/// ```
#[derive(Clone)]
pub struct Live<T>(Arc<Current<T>>);

struct Current<T>(RwLock<T>);

impl<T: Clone> Live<T> {
    /// A value that nothing changes, as in a test.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(Current(RwLock::new(value))))
    }

    /// The value as it is now. Where a turn needs it twice, it takes it once: a reload may come in between.
    #[must_use]
    pub fn get(&self) -> T {
        self.0.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.get()).finish()
    }
}

impl<T: Setting + Clone + Sync> Setting for Live<T> {
    const TYPE: &'static str = T::TYPE;
    const OPTIONAL: bool = T::OPTIONAL;
    const SECRET: bool = T::SECRET;
    const RANGED: bool = T::RANGED;
    const LIVE: bool = true;
    const TABLE: Option<TableKind> = T::TABLE;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        T::from_raw(raw).map(Self::new)
    }

    fn to_raw(&self) -> Raw {
        self.get().to_raw()
    }

    fn absent() -> Option<Self> {
        T::absent().map(Self::new)
    }

    fn check(raw: &Raw) -> Result<(), String> {
        T::check(raw)
    }

    fn measures(&self) -> Vec<Measure> {
        self.get().measures()
    }

    fn follow(&mut self, name: &'static str, feed: &Feed) {
        self.0.0.write().unwrap_or_else(PoisonError::into_inner).follow(name, feed);
        let current: Arc<dyn Follow> = Arc::<Current<T>>::clone(&self.0);
        feed.add(name, &current);
    }
}

/// Takes a new value.
trait Follow: Send + Sync {
    /// `None` where the setting is not given any more.
    ///
    /// # Errors
    /// What is wrong with the new value; it keeps the one that it had.
    fn take(&self, raw: Option<&Raw>) -> Result<(), String>;
}

impl<T: Setting + Sync> Follow for Current<T> {
    fn take(&self, raw: Option<&Raw>) -> Result<(), String> {
        // A reload has checked its form. What it refers to may still be missing, or have gone since.
        let value = match raw {
            Some(raw) => T::from_raw(raw)?,
            None => T::absent().ok_or_else(|| "it has no value any more".to_owned())?,
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
        Ok(())
    }
}

/// What brings the instances of an item new values of their settings, and the lookup tables.
#[derive(Default)]
pub struct Feed {
    followed: Mutex<Followed>,
    tables: Arc<Tables>,
}

#[derive(Default)]
struct Followed {
    followers: Vec<(&'static str, Weak<dyn Follow>)>,
    /// What was told last of each setting; `None` where it is not given any more.
    told: HashMap<String, Option<Raw>>,
}

impl Feed {
    /// Of an item that uses these tables.
    #[must_use]
    pub fn new(tables: Arc<Tables>) -> Self {
        Self { tables, ..Self::default() }
    }

    /// The lookup tables.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    fn add(&self, name: &'static str, follower: &Arc<dyn Follow>) {
        let mut followed = self.followed();
        // Instances come and go with their item; what is left of the gone ones is cleared away by those that come.
        followed.followers.retain(|(_, follower)| follower.strong_count() > 0);
        followed.followers.push((name, Arc::downgrade(follower)));
        let told = followed.told.get(name).cloned();
        drop(followed);
        // It may have been built from settings that a reload has changed meanwhile.
        if let Some(raw) = told {
            // Where it cannot be read, the reload has said so, and this instance has a value that could.
            let _ = follower.take(raw.as_ref());
        }
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives every instance the new value of a setting; `None` where it has none any more.
    ///
    /// # Errors
    /// Why instances keep the value that they had.
    pub(crate) fn tell(&self, name: &str, raw: Option<&Raw>) -> Result<(), String> {
        let mut followed = self.followed();
        followed.told.insert(name.to_owned(), raw.cloned());
        let followers = followed.followers.clone();
        drop(followed);
        let mut outcome = Ok(());
        for (_, follower) in followers.into_iter().filter(|(followed, _)| *followed == name) {
            if let Some(follower) = follower.upgrade() {
                outcome = outcome.and(follower.take(raw));
            }
        }
        outcome
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_gets_the_news_of_its_setting_and_of_no_other() {
        let feed = Feed::default();
        let mut limits = [Live::new(1_u32), Live::new(1)];
        let mut other = Live::new(1_u32);
        for limit in &mut limits {
            limit.follow("limit", &feed);
        }
        other.follow("other", &feed);
        assert_eq!(feed.tell("limit", Some(&Raw::from(7))), Ok(()));
        assert_eq!((limits[0].get(), limits[1].get(), other.get()), (7, 7, 1));
        assert!(feed.tell("limit", Some(&Raw::from("many"))).unwrap_err().contains("expected"));
        assert!(feed.tell("limit", None).unwrap_err().contains("no value"));
        assert_eq!((limits[0].get(), limits[1].get()), (7, 7), "what does not fit leaves the value as it was");
        drop(limits);
        assert_eq!(feed.tell("limit", Some(&Raw::from(8))), Ok(()), "nobody is left who could mind");
        other.follow("other", &feed);
        assert_eq!(feed.followed().followers.len(), 2, "instances that are gone are forgotten");
    }

    #[test]
    fn an_instance_that_was_built_from_the_settings_before_a_reload_gets_its_news_as_well() {
        let feed = Feed::default();
        // A worker has read the settings, and the reload comes before it follows.
        let mut late = Live::new(1_u32);
        assert_eq!(feed.tell("limit", Some(&Raw::from(7))), Ok(()));
        late.follow("limit", &feed);
        assert_eq!(late.get(), 7);
    }

    #[test]
    fn an_optional_value_that_is_not_given_any_more_is_gone() {
        let feed = Feed::default();
        let mut note = Live::new(Some("a".to_owned()));
        note.follow("note", &feed);
        assert_eq!(feed.tell("note", None), Ok(()));
        assert_eq!(note.get(), None);
    }
}
