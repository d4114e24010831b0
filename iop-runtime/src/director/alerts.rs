//! Alerts as other code sees them: what holds, and what is to keep silent.

use std::time::Duration;

use super::{Act, By, Director, DirectorError, store_error};
use crate::engine::{Condition, Mute};
use crate::message::AlertKind;

impl Director {
    /// The conditions that hold, and the rules that keep silent.
    ///
    /// # Errors
    /// [`DirectorError::NotStored`] or [`DirectorError::Unknown`] where the store does not answer.
    pub async fn alerts(&self) -> Result<(Vec<Condition>, Vec<Mute>), DirectorError> {
        self.core.alerts.now(&self.core).await.map_err(store_error)
    }

    /// Has a rule of an item keep silent for a while, or with `kind` left out all of them; `None` as the item stands for the
    /// production as a whole. What holds is still shown. A duration of zero lets it speak again.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`], and those of the store.
    pub async fn mute_alerts(
        &self,
        item: Option<&str>,
        kind: Option<AlertKind>,
        duration: Duration,
        by: &str,
    ) -> Result<(), DirectorError> {
        if let Some(item) = item {
            self.index(item)?;
        }
        let until = self.core.clock.now().after(duration);
        let mute = Mute::new(item, kind, until, by);
        let what = kind.map_or_else(|| "every rule".to_owned(), |kind| format!("rule {kind}"));
        let whose = item.map_or_else(|| "the production".to_owned(), |item| format!("item {item}"));
        let act = Act::new("alerts.mute", format!("{what} of {whose}")).by(By::from(by));
        let entry = self.entry(&act.clone().came_to(format!("done, until {until}")));
        let done = self.core.alerts.mute(&self.core, mute, entry).await.map_err(store_error);
        self.recorded(act, done, |()| true).await
    }
}
