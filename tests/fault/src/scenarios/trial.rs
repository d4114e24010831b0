//! What most scenarios need: a site with a ledger, and the end of it that is always the same.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::{Verdict, audit};
use crate::driver::{Driver, Load};
use crate::engine::{Engine, Site};
use crate::ledger::Ledger;
use crate::trouble::{Result, until};

/// A site and its ledger.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) site: Site,
    pub(super) ledger: Arc<Ledger>,
}

impl Trial {
    pub(super) fn new() -> Result<Self> {
        Self::at(Site::new()?)
    }

    pub(super) fn at(site: Site) -> Result<Self> {
        let ledger = Arc::new(Ledger::create(&site.folder.join("ledger.log"))?);
        Ok(Self { site, ledger })
    }

    pub(super) fn drive(&self, load: &Load) -> Driver {
        Driver::start(&self.site, &self.ledger, load)
    }

    /// Waits until so many were acknowledged since now.
    pub(super) fn acknowledged(&self, more: usize) -> Result<()> {
        let wanted = self.ledger.acked_count() + more;
        let enough = || Ok(self.ledger.acked_count() >= wanted);
        until(&format!("{wanted} acknowledged"), Duration::from_secs(120), enough).map(drop)
    }

    /// Lets what is under way be taken, ends the engine, does what is left, and audits.
    pub(super) fn end(&self, driver: Driver, engine: Engine) -> Result<Verdict> {
        driver.stop()?;
        drop(engine);
        self.finish()
    }

    /// Does what is left, and audits: nothing may be found.
    pub(super) fn finish(&self) -> Result<Verdict> {
        self.site.drain()?;
        let verdict = audit(&self.site, &self.ledger)?;
        verdict.holds().map_err(|found| format!("{found}\n{}", crate::engine::tail(&self.site.said())).into())
    }
}
