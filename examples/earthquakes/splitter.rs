//! The process that makes a message of each event of a feed, and counts what becomes of them.

use iop::prelude::*;

use super::messages::{Counts, Feed, SeismicEvent, Summary};
use super::usgs;

/// Splits a feed into its events. It holds no worker while they are processed: its counts are stored with each response,
/// and when the last one is there it sends a summary.
#[business_process]
pub struct Splitter {
    #[target]
    events: Target<SeismicEvent>,
    #[target]
    report: Target<Summary>,
    #[state]
    counts: Counts,
    #[state]
    responses: u64,
}

#[handlers]
impl Splitter {
    async fn split(&mut self, feed: Feed, cx: &mut Context) -> Result<Pending> {
        // A feed that cannot be read now cannot be read later: it waits for a person, with the reason.
        let parsed = usgs::parse(&feed.content).map_err(Error::fatal)?;
        info!("{}: {} events", feed.name, parsed.events.len());
        self.counts = Counts { announced: parsed.announced, read: parsed.events.len() as u64, ..Counts::default() };
        for event in parsed.events {
            let key = event.id.clone();
            cx.send_request_async(&self.events, event).completion_key(key).await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<SeismicEvent>) -> Result {
        match response.result {
            Ok(recorded) => {
                if let Some(class) = recorded.class {
                    *self.counts.classes.entry(class).or_default() += 1;
                }
                self.counts.alerts += u64::from(recorded.alert);
                self.counts.unfinished += u64::from(!recorded.missing.is_empty());
            }
            Err(error) => {
                warn!("event {}: {error}", response.completion_key);
                self.counts.unfinished += 1;
            }
        }
        self.responses += 1;
        if self.responses.is_multiple_of(500) {
            info!("{} of {} events", self.responses, self.counts.read);
        }
        Ok(())
    }

    async fn on_complete(&mut self, feed: Feed, cx: &mut Context) -> Result {
        let parsed = usgs::parse(&feed.content).map_err(Error::fatal)?;
        let revisions = parsed.events.iter().map(SeismicEvent::revision).collect();
        let summary = Summary { feed: feed.name, counts: self.counts.clone(), revisions };
        cx.send_request_async(&self.report, summary).response_required(false).await?;
        Ok(())
    }
}
