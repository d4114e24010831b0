//! The service that takes feeds from a folder.

use std::path::PathBuf;

use iop::adapter::file::{FileInbound, FileOutbound, ReceivedFile};
use iop::prelude::*;

use super::messages::Feed;

/// The sample, and its name in the folder.
pub const SAMPLE: (&str, &str) = ("earthquakes.geojson", include_str!("data/earthquakes.geojson"));

/// Takes feed files from a folder. The first time it puts the sample there.
#[business_service(adapter = FileInbound)]
pub struct FeedFolder {
    /// The folder; made where it is missing.
    #[setting]
    path: PathBuf,
    /// The pause between two looks into the folder.
    #[setting(default = "250ms")]
    call_interval: Duration,
    /// Puts the sample into the folder, unless it was there before.
    #[setting(default = true)]
    sample: bool,
    #[target]
    out: Target<Feed>,
}

#[handlers]
impl FeedFolder {
    async fn on_init(&mut self) -> Result {
        if self.sample {
            self.put_sample().await?;
        }
        info!("watching {} for feeds", self.path.display());
        Ok(())
    }

    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        info!("{}: {} bytes", file.name, file.bytes.len());
        let feed = Feed { name: file.name.clone(), content: file.text()?.to_owned() };
        cx.send_request_async(&self.out, feed).await?;
        Ok(())
    }
}

impl FeedFolder {
    async fn put_sample(&self) -> Result {
        let (name, content) = SAMPLE;
        if self.path.join(".archive").join(name).exists() {
            info!("the sample {name} was processed before and is not processed again");
            return Ok(());
        }
        if [".", ".work", ".errors"].iter().any(|folder| self.path.join(folder).join(name).exists()) {
            return Ok(());
        }
        FileOutbound::open(&self.path).await?.write_once(name, content).await?;
        info!("{name}, the sample, is put into the folder");
        Ok(())
    }
}
