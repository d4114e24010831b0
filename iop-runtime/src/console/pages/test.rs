//! A message by hand: a form made from its type, sent like any other; also for what is edited and resent.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Problem, program};
use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::director::takes_messages;
use crate::director::view::{Sight, message_type};
use crate::message::MessageId;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    item: String,
    #[serde(default)]
    r#type: String,
    /// The message that is edited.
    from: Option<MessageId>,
}

#[derive(Template)]
#[template(path = "test.html")]
struct TestPage {
    frame: Frame,
    title: &'static str,
    items: Vec<&'static str>,
    item: String,
    types: Vec<&'static str>,
    type_name: String,
    doc: &'static str,
    body: String,
    from: Option<MessageId>,
    send: String,
    program: String,
}

/// `GET /test`.
pub(super) async fn test(visit: Visit, Query(which): Query<Which>) -> Page {
    match which.from {
        Some(id) => edit(&visit, id).await,
        None => write(&visit, which).await,
    }
}

/// Items that take messages from outside, with the types that they take.
fn takers(visit: &Visit) -> Vec<(&'static str, Vec<&'static str>)> {
    let items = visit.director.graph().items.iter();
    let takers = items.filter(|item| takes_messages(item.component.kind, &item.component.entrance));
    takers.map(|item| (item.name, (item.component.handles)().iter().map(|message| message.name).collect())).collect()
}

async fn write(visit: &Visit, which: Which) -> Page {
    let takers = takers(visit);
    let chosen = takers.iter().find(|(name, _)| *name == which.item).or_else(|| takers.first());
    let (item, types) = chosen.cloned().unwrap_or_default();
    let type_name = types.iter().find(|name| **name == which.r#type).or_else(|| types.first()).copied();
    let about = type_name.and_then(message_type);
    let example = about.as_ref().map(|about| &about.example);
    let type_name = type_name.unwrap_or_default();
    page(&TestPage {
        frame: visit.frame("Test", "/test").await?,
        title: "Test an item",
        items: takers.iter().map(|(name, _)| *name).collect(),
        send: format!("/api/v1/items/{}/messages?type={}", html::encoded(item), html::encoded(type_name)),
        item: item.to_owned(),
        types,
        type_name: type_name.to_owned(),
        doc: about.as_ref().map(|about| about.doc).unwrap_or_default(),
        body: example.and_then(|example| serde_json::to_string_pretty(example).ok()).unwrap_or_default(),
        from: None,
        program: program(),
    })
}

/// The whole body of the message, which is on record: what is masked cannot be edited.
async fn edit(visit: &Visit, id: MessageId) -> Page {
    let detail = visit.director.message(id, Sight::Open).await?;
    let type_name = detail.message.type_name.to_string();
    let Some(about) = message_type(&type_name) else {
        let problem = format!("this program does not know the type `{type_name}`: its messages cannot be edited here");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, problem));
    };
    let takers = takers(visit).into_iter().filter(|(_, types)| types.contains(&about.name));
    page(&TestPage {
        frame: visit.frame("Edit and resend", "/test").await?,
        title: "Edit and resend",
        items: takers.map(|(name, _)| name).collect(),
        item: detail.message.target.as_deref().unwrap_or_default().to_owned(),
        types: vec![about.name],
        doc: about.doc,
        body: serde_json::to_string_pretty(&detail.body.value).unwrap_or_default(),
        from: Some(id),
        send: format!("/api/v1/messages/{id}/resend"),
        program: program(),
        type_name,
    })
}
