//! Who asks, and what they may.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::view::Sight;

/// What somebody may do. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See that all is well: states, counts, headers of messages, the event log. No body.
    Viewer,
    /// See the bodies of messages as well.
    Reader,
    /// Decide: resend, resume, discard, call and test, start and stop, mute.
    Operator,
    /// Change the production: settings, lookup tables, purge, users.
    Admin,
}

impl Role {
    /// From the least to the most.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Reader, Self::Operator, Self::Admin];

    /// The word in files and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reader => "reader",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// As much of a body as the role sees; with `reveal` also what is sensitive in it.
    #[must_use]
    pub fn sight(self, reveal: bool) -> Sight {
        match (self >= Self::Reader, reveal) {
            (false, _) => Sight::Withheld,
            (true, false) => Sight::Masked,
            (true, true) => Sight::Open,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where somebody calls from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOrigin {
    /// From the process of the production.
    Process,
    /// Over the socket in the store directory: the user of the system that the production runs as.
    Socket,
    /// Over the network.
    Network(IpAddr),
}

impl fmt::Display for CallOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => f.write_str("process"),
            Self::Socket => f.write_str("socket"),
            Self::Network(address) => write!(f, "{address}"),
        }
    }
}

/// Somebody who asks: an extension of every request that was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub name: Arc<str>,
    /// What they may.
    pub role: Role,
    /// Where they call from.
    pub origin: CallOrigin,
}

impl Caller {
    /// Other code of the process, which may do everything.
    #[must_use]
    pub fn of_the_process(name: &str) -> Self {
        Self { name: Arc::from(name), role: Role::Admin, origin: CallOrigin::Process }
    }

    /// As they stand in the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::new(Arc::clone(&self.name), self.role.as_str(), self.origin.to_string())
    }

    /// In whose name a change is made: an admin's program may say for whom it acts, everybody else is who they are.
    #[must_use]
    pub fn in_the_name_of(&self, by: Option<&str>) -> String {
        let by = by.map(str::trim).filter(|by| !by.is_empty() && self.role == Role::Admin);
        let letters = by.unwrap_or(&self.name).chars().filter(|letter| !letter.is_control());
        letters.take(100).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_word("root"), None);
        let seen = Role::ALL.map(|role| role.sight(true));
        assert_eq!(seen, [Sight::Withheld, Sight::Open, Sight::Open, Sight::Open]);
        assert_eq!(Role::Reader.sight(false), Sight::Masked);
    }

    #[test]
    fn only_an_admin_may_act_for_somebody_else() {
        let caller = |role| Caller { name: "ann".into(), role, origin: CallOrigin::Socket };
        assert_eq!(caller(Role::Admin).in_the_name_of(Some("eve\n")), "eve");
        assert_eq!(caller(Role::Admin).in_the_name_of(Some(" ")), "ann");
        assert_eq!(caller(Role::Operator).in_the_name_of(Some("eve")), "ann");
    }
}
