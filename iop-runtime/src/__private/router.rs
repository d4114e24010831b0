//! What a `router!` does with the arm that it has chosen.

use std::sync::Arc;

use crate::component::{AsyncRequest, Context, Error, Reach, Result, SyncRequest};
use crate::message::{Message, decode};

/// What stands behind the arrow.
#[derive(Debug)]
pub enum Arm {
    /// These items.
    To(Vec<Reach>),
    /// A person decides. With the words of the arm.
    Suspend(&'static str),
    /// Nowhere. With the words of the arm.
    Discard(&'static str),
}

/// Sends the message where the arm says and does not wait.
///
/// # Errors
/// Fatal where the arm says `suspend`.
pub async fn pass_on<M: Message>(cx: &mut Context, router: &str, message: M, arm: Arm) -> Result {
    let mut items = match arm {
        Arm::To(items) => items,
        Arm::Suspend(when) => return Err(suspended(router, when)),
        Arm::Discard(when) => {
            tracing::info!("discarded: {when}");
            return Ok(());
        }
    };
    let last = items.pop();
    if !items.is_empty() {
        let body = serde_json::to_vec(&message)?;
        for item in items {
            send(cx, item, decode::<M>(&body)?)?;
        }
    }
    last.map_or(Ok(()), |item| send(cx, item, message))
}

/// Asks the item that the arm names, and gives its response.
///
/// # Errors
/// What the request gives; fatal where the arm says `suspend`.
pub async fn ask_one<M: Message>(cx: &mut Context, router: &str, message: M, arm: Arm) -> Result<M::Response> {
    match arm {
        Arm::To(items) => match items.into_iter().next() {
            Some(item) => Ok(SyncRequest::new(Arc::clone(cx.turn()), item, message).await?),
            None => Err(suspended(router, "no target")),
        },
        Arm::Suspend(when) | Arm::Discard(when) => Err(suspended(router, when)),
    }
}

fn suspended(router: &str, when: &str) -> Error {
    Error::fatal(if when == "otherwise" {
        format!("no arm of `{router}` takes this message")
    } else {
        format!("`{router}` suspends `{when}`")
    })
}

fn send<M: Message>(cx: &Context, item: Reach, message: M) -> Result {
    Ok(AsyncRequest::new(Arc::clone(cx.turn()), item, message).response_required(false).send()?)
}
