#![deny(warnings, missing_docs, unused_qualifications)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Passes.
#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;

use iop::prelude::*;
use parts::*;

/// A message with a field that is not there.
#[message]
pub struct Note {
    /// There.
    #[key]
    pub name: String,
    /// Not there.
    #[cfg(any())]
    #[key]
    pub nothing: Nowhere,
    /// Not there either.
    #[cfg(any())]
    #[sensitive]
    pub nobody: Nowhere,
}

/// A process of which half is not there.
#[business_process]
pub struct Desk {
    #[cfg(any())]
    #[setting(default = 3)]
    nothing: Nowhere,
    #[cfg(any())]
    #[target]
    nobody: Target<Nowhere>,
    #[cfg(any())]
    #[state]
    nowhere: Nowhere,
    #[cfg(any())]
    plain: Nowhere,
    #[state]
    seen: u32,
}

#[handlers]
impl Desk {
    #[cfg(any())]
    async fn on_init(&mut self) -> Result {
        Nowhere::open()?;
        Ok(())
    }

    #[cfg(any())]
    async fn nowhere(&mut self, nowhere: Nowhere) -> Result {
        Ok(())
    }

    async fn bye(&mut self, _bye: Bye) -> Result {
        self.seen += 1;
        Ok(())
    }

    async fn note(&mut self, _note: Note) -> Result {
        Ok(())
    }
}
