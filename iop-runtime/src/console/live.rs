//! What changes in a page while it is looked at, as the page hears of it.
//!
//! Numbers and colours are set in the elements that are there, by the name in their `data-live`: nothing moves. Parts with rows
//! that come and go have a print in `data-print`; the page fetches itself once more where that is another. Both are made by
//! the code that makes the page, so that what is shown first and what is shown later cannot differ.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::frame::Lamps;
use crate::director::view::ProductionOverview;
use crate::director::{Director, DirectorError};
use crate::picture::live::Element;

/// Who asks again within this time is shown what was seen last.
const FRESH: Duration = Duration::from_millis(300);

/// What is looked at for everybody at once: any number of open pages cost the store as much as one.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<Option<(Instant, Arc<ProductionOverview>)>>);

impl Looks {
    /// The production at a glance, of this moment or the one before.
    pub(super) async fn overview(&self, director: &Director) -> Result<Arc<ProductionOverview>, DirectorError> {
        // Held while the store is asked: who comes meanwhile gets the same.
        let mut last = self.0.lock().await;
        if let Some((at, overview)) = &*last
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(overview));
        }
        let overview = Arc::new(director.overview().await?);
        *last = Some((Instant::now(), Arc::clone(&overview)));
        Ok(overview)
    }
}

/// What a page shows at a moment, of what changes in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// By the name of the element: its attributes, and its text under the name `text`.
    pub(super) values: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// By the name of the part: its print.
    pub(super) parts: BTreeMap<&'static str, String>,
}

impl Seen {
    /// The text of an element.
    pub(super) fn text(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.set(name, "text", text);
    }

    /// An attribute of an element.
    pub(super) fn set(&mut self, name: impl Into<String>, attribute: &'static str, value: impl Into<String>) {
        self.values.entry(name.into()).or_default().insert(attribute, value.into());
    }

    pub(super) fn elements(&mut self, elements: impl IntoIterator<Item = Element>) {
        for (name, attributes) in elements {
            self.values.entry(name).or_default().extend(attributes);
        }
    }

    /// What is in every page.
    pub(super) fn lamps(&mut self, lamps: &Lamps) {
        for (name, (class, text)) in [("running", &lamps.running), ("suspended", &lamps.suspended)] {
            self.set(name, "class", *class);
            self.text(name, text);
        }
    }

    /// What is other than in an earlier moment.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut changed = self.clone();
        changed.values.retain(|name, value| earlier.values.get(name) != Some(value));
        changed.parts.retain(|name, print| earlier.parts.get(name) != Some(print));
        changed
    }
}

/// Stands for what a part of a page shows.
pub(super) fn print(of: &impl Serialize) -> String {
    let shown = serde_json::to_vec(of).unwrap_or_default();
    blake3::hash(&shown).to_hex()[..12].to_owned()
}
