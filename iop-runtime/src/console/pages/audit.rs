//! The audit log: who did what, each entry chained to the one before.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::store::{AuditEntry, AuditQuery};

/// Entries on one page.
const PAGE: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    who: String,
    #[serde(default)]
    action: String,
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    who: String,
    action: String,
    entries: Vec<AuditEntry>,
    query: String,
    next: Option<u64>,
}

/// `GET /audit`.
pub(super) async fn audit(visit: Visit, Query(which): Query<Which>) -> Page {
    let given = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(Arc::from);
    let query = AuditQuery {
        who: given(&which.who),
        action: given(&which.action),
        after: which.after,
        limit: PAGE,
        ..AuditQuery::default()
    };
    let entries = visit.director.audit(query).await?;
    let next = entries.last().map(|entry| entry.number).filter(|_| entries.len() == PAGE);
    page(&AuditPage {
        frame: visit.frame("Audit log", "/audit").await?,
        query: format!("who={}&action={}", html::encoded(&which.who), html::encoded(&which.action)),
        who: which.who,
        action: which.action,
        entries,
        next,
    })
}
