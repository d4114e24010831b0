//! Who has logged in with a browser: a random name in a cookie stands for them, for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::users::User;

/// Without a request for so long, a session is over.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// However it is used, a session is over after so long.
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at a time; the one that was not used for the longest time makes room.
const MOST: usize = 1000;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of whoever has the token of the store.
    Store,
    /// Of somebody in the file of users.
    User(Arc<User>),
}

#[derive(Debug)]
struct Session {
    whose: Whose,
    began: Instant,
    used: Instant,
}

/// The sessions that are open. What is kept of a name is its hash, so that looking one up takes the same time whatever is
/// asked for.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<blake3::Hash, Session>>);

impl Sessions {
    /// Opens a session; the name by which it is found.
    pub(super) fn open(&self, whose: Whose) -> String {
        let name = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let now = Instant::now();
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.is_open(now));
        if sessions.len() >= MOST {
            let idlest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| *name);
            idlest.map(|name| sessions.remove(&name));
        }
        sessions.insert(blake3::hash(name.as_bytes()), Session { whose, began: now, used: now });
        name
    }

    /// Whose session it is; `None` where it is over or never was.
    pub(super) fn of(&self, name: &str) -> Option<Whose> {
        let now = Instant::now();
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get_mut(&blake3::hash(name.as_bytes())).filter(|session| session.is_open(now))?;
        session.used = now;
        Some(session.whose.clone())
    }

    /// Ends a session.
    pub(super) fn close(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&blake3::hash(name.as_bytes()));
    }
}

impl Session {
    fn is_open(&self, now: Instant) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.began) < ABSOLUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_it_is_not_used_when_it_is_old_and_when_it_is_closed() {
        let sessions = Sessions::default();
        let idle = sessions.open(Whose::Store);
        assert_eq!(sessions.of(&idle), Some(Whose::Store));
        assert_eq!(sessions.of("another"), None);
        tokio::time::advance(IDLE).await;
        assert_eq!(sessions.of(&idle), None);
        let old = sessions.open(Whose::Store);
        for _ in 0..ABSOLUTE.as_secs() / 1000 {
            tokio::time::advance(Duration::from_secs(1000)).await;
            assert!(sessions.of(&old).is_some());
        }
        tokio::time::advance(Duration::from_secs(1000)).await;
        assert_eq!(sessions.of(&old), None);
        let closed = sessions.open(Whose::Store);
        sessions.close(&closed);
        assert_eq!(sessions.of(&closed), None);
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_only_so_many_sessions_and_the_idlest_makes_room() {
        let sessions = Sessions::default();
        let mut names = Vec::new();
        for _ in 0..MOST {
            names.push(sessions.open(Whose::Store));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(sessions.of(&names[0]).is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        sessions.open(Whose::Store);
        assert!(sessions.of(&names[0]).is_some());
        assert!(sessions.of(&names[1]).is_none());
    }
}
