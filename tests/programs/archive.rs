//! Files that are taken by reference, as a program, for the tests of contents on disk.

use std::process::ExitCode;

use iop::adapter::file::{FileInbound, ReceivedFile};
use iop::prelude::*;

/// A file, wherever its content lies.
#[message]
struct Document {
    #[key]
    name: String,
    content: Blob,
}

/// Takes files without reading them.
#[business_service(adapter = FileInbound)]
struct Inbox {
    #[target]
    out: Target<Document>,
}

#[handlers]
impl Inbox {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        if !file.bytes.is_empty() {
            return Err(Error::fatal("the file was read into memory"));
        }
        let content = cx.store_file(&file.path).await?;
        cx.send_request_async(&self.out, Document { name: file.name, content }).await?;
        Ok(())
    }
}

/// Reads the content piece by piece.
#[business_operation]
struct Reader;

#[handlers]
impl Reader {
    async fn read(&mut self, document: Document, cx: &mut Context) -> Result {
        let mut content = cx.open_blob(&document.content).await?;
        let (mut size, mut sum) = (0, 0_u64);
        while let Some(piece) = content.chunk().await? {
            size += piece.len();
            sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        info!("{}: {size} bytes, sum {sum}", document.name);
        Ok(())
    }
}

production! {
    /// Files go by reference.
    Archive {
        inbox: Inbox { path: "in", stable: "0s", by_reference: true, out: reader },
        reader: Reader {},
    }
}

fn main() -> ExitCode {
    iop::run::<Archive>()
}
