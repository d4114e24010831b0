//! The operation that writes answers.

use std::path::PathBuf;

use iop::adapter::file::FileOutbound;
use iop::prelude::*;

use super::messages::Acknowledgement;

/// Writes each answer into a file of its own, once.
#[business_operation]
pub struct Acknowledgements {
    /// Where the files are.
    #[setting]
    folder: PathBuf,
    out: Option<FileOutbound>,
}

#[handlers]
impl Acknowledgements {
    async fn on_init(&mut self) -> Result {
        self.out = Some(FileOutbound::open(self.folder.join("acknowledgements")).await?);
        Ok(())
    }

    async fn write(&mut self, answer: Acknowledgement) -> Result {
        let out = self.out.as_ref().ok_or_else(|| Error::fatal("the folder is not open"))?;
        let bytes = answer.hl7.to_bytes().map_err(Error::fatal)?;
        out.write_once(&format!("{}.ack", answer.name), bytes).await?;
        Ok(())
    }
}
