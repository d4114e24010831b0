//! The process that says what an event is, adds what is known of its network, and has it kept.

use iop::prelude::*;

use super::messages::{Class, ClassifiedEvent, NetworkQuery, Recorded, SeismicEvent};

/// Sends each event to the file of its class and to the table, and the strong ones to the alerts.
///
/// With one worker the files have the order of the feed: the awaited request keeps the next event waiting, the
/// asynchronous ones do not.
#[business_process]
pub struct Classifier {
    #[target]
    networks: Target<NetworkQuery>,
    #[target]
    earthquakes: Target<ClassifiedEvent>,
    #[target]
    explosions: Target<ClassifiedEvent>,
    #[target]
    quarry_blasts: Target<ClassifiedEvent>,
    #[target]
    table: Target<ClassifiedEvent>,
    #[target]
    alerts: Target<ClassifiedEvent>,
    #[state]
    recorded: Recorded,
}

#[handlers]
impl Classifier {
    async fn classify(&mut self, event: SeismicEvent, cx: &mut Context) -> Result<Pending> {
        // Nothing is dropped because nobody has thought of it: the one event waits for a person, the others go on.
        let class = Class::of(&event.kind)
            .ok_or_else(|| Error::fatal(format!("event {} is of the unknown kind `{}`", event.id, event.kind)))?;
        let query = NetworkQuery { code: event.network.clone() };
        let network = cx.send_request_sync(&self.networks, query).await?;
        self.recorded.class = Some(class);
        self.recorded.alert = event.is_strong();
        let classified = ClassifiedEvent { event, class, network };
        let file = match class {
            Class::Earthquake => &self.earthquakes,
            Class::Explosion => &self.explosions,
            Class::QuarryBlast => &self.quarry_blasts,
        };
        cx.send_request_async(file, classified.clone()).completion_key("file").await?;
        cx.send_request_async(&self.table, classified.clone()).completion_key("table").await?;
        if self.recorded.alert {
            cx.send_request_async(&self.alerts, classified).completion_key("alerts").await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<ClassifiedEvent>) -> Result {
        if let Err(error) = response.result {
            self.recorded.missing.push(format!("{}: {error}", response.completion_key));
        }
        Ok(())
    }

    async fn on_complete(&mut self, _event: SeismicEvent) -> Result<Recorded> {
        Ok(std::mem::take(&mut self.recorded))
    }
}
