//! Messages as they are written to a file: header and body, a line each. What [`Director::import`](crate::director::Director::import)
//! reads is written here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::body::{BodyView, Shown, Sight};
use super::message::MessageView;
use crate::message::MessageId;
use crate::store::{Search, StoreError, StoredMessage, Viewer};

/// Bodies of one page, in bytes: with the one that goes over it.
const PAGE_BYTES: usize = 4 << 20;

/// A message with its body.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportedMessage {
    /// How much of the body is in `body`.
    pub shown: Shown,
    /// As it is stored where all of it is shown; null where it is withheld.
    #[schemars(with = "serde_json::Value")]
    pub body: Box<RawValue>,
    /// Its header.
    #[serde(flatten)]
    pub message: MessageView,
}

/// Some messages with their bodies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ExportPage {
    /// In the order of the search.
    pub messages: Vec<ExportedMessage>,
    /// Messages whose stored bodies are not what was written, and why that is known: they are not among the others.
    pub damaged: Vec<(MessageId, String)>,
    /// Where to page on, as [`Search::after`]; `None` where there is no more.
    pub next: Option<u64>,
    /// The sequence up to which was looked: who pages on with it gets nothing that came later.
    pub up_to: u64,
}

/// A page of what a search finds, with bodies: as many as it asks for, and no more than 4 MiB and one body.
///
/// # Errors
/// Where the store cannot be read.
pub async fn export(viewer: &dyn Viewer, search: Search, sight: Sight) -> Result<ExportPage, StoreError> {
    let up_to = match search.up_to {
        Some(up_to) => up_to,
        None => viewer.last_sequence().await?,
    };
    let found = viewer.search(Search { up_to: Some(up_to), ..search }).await?;
    let mut page = ExportPage { messages: Vec::new(), damaged: Vec::new(), next: found.next, up_to };
    let mut bytes = 0;
    let mut headers = found.headers.into_iter().peekable();
    while let Some(header) = headers.next() {
        match viewer.find(header.id).await {
            Ok(Some(StoredMessage { header, body, .. })) => {
                bytes += body.len();
                page.messages.push(exported(MessageView::from(header), &body, sight));
            }
            // It was purged a moment ago.
            Ok(None) => {}
            Err(StoreError::Damaged(why)) => page.damaged.push((header.id, why.to_string())),
            Err(error) => return Err(error),
        }
        if bytes >= PAGE_BYTES && headers.peek().is_some() {
            page.next = Some(header.sequence);
            break;
        }
    }
    Ok(page)
}

fn exported(message: MessageView, body: &[u8], sight: Sight) -> ExportedMessage {
    let BodyView { shown, value, .. } = BodyView::of(&message.type_name, message.version, body, sight);
    let raw = |text: String| RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned());
    let as_stored = || String::from_utf8(body.to_vec()).ok().and_then(|text| RawValue::from_string(text).ok());
    let body = match shown {
        // Not a digit of it is written otherwise than it is stored.
        Shown::Open => as_stored().unwrap_or_else(|| raw(value.to_string())),
        Shown::Masked | Shown::Withheld => raw(value.to_string()),
    };
    ExportedMessage { shown, body, message }
}
