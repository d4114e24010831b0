//! Settings and lookup tables over HTTP.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};

use super::answer::{Failure, json};
use super::routes::{Behind, read};
use crate::engine::{ReloadError, Reloading, Stop};
use crate::lookup::{Edit, RowChange, TableError};
use crate::settings::SettingChange;

/// The calls about settings and tables.
pub(super) fn routes() -> Router<Behind> {
    Router::new()
        .route("/settings", get(settings))
        .route("/settings/reload", post(reload))
        .route("/tables", get(tables))
        .route("/tables/{name}", get(rows).put(import))
        .route("/tables/{name}/history", get(history))
        .route("/tables/{name}/rows/{key}", put(set).delete(delete))
}

/// In whose name a change is made, and how.
#[derive(Debug, Deserialize)]
struct How {
    by: Option<String>,
    #[serde(default)]
    preview: bool,
    /// Rows that are not in the body go.
    #[serde(default)]
    replace: bool,
}

impl How {
    fn by(&self) -> String {
        in_the_name_of(self.by.as_deref())
    }
}

/// Who makes a change, as it is noted.
pub(super) fn in_the_name_of(by: Option<&str>) -> String {
    let by = by.map(str::trim).filter(|by| !by.is_empty()).unwrap_or("somebody over HTTP");
    by.chars().filter(|letter| !letter.is_control()).take(100).collect()
}

async fn settings(State(behind): State<Behind>) -> Response {
    json(&behind.director.settings())
}

#[derive(Debug, Serialize)]
struct ReloadedBody {
    changes: Vec<SettingChange>,
    applied: bool,
}

async fn reload(State(behind): State<Behind>, Query(how): Query<How>) -> Response {
    let reloading = if how.preview { Reloading::Preview } else { Reloading::Apply };
    match behind.director.reload_settings(&how.by(), reloading, Stop::Drain(behind.grace)).await {
        Ok(changes) => json(&ReloadedBody { changes, applied: reloading == Reloading::Apply }),
        Err(error) => {
            let status = match &error {
                ReloadError::NoSource => StatusCode::CONFLICT,
                ReloadError::Invalid(_) | ReloadError::NeedsStart(_) => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Failure::new(status, error.to_string()).into_response()
        }
    }
}

#[derive(Debug, Serialize)]
struct TableDocument {
    name: String,
    version: u64,
    rows: usize,
    key: &'static str,
    value: &'static str,
    used_by: Vec<String>,
}

async fn tables(State(behind): State<Behind>) -> Response {
    let mut documents = Vec::new();
    for (name, uses) in behind.director.tables() {
        let snapshot = match behind.director.table(&name).await {
            Ok(snapshot) => snapshot,
            Err(error) => return refused(&error),
        };
        let Some(first) = uses.first() else { continue };
        documents.push(TableDocument {
            name: name.to_string(),
            version: snapshot.version,
            rows: snapshot.rows.len(),
            key: first.kind.key_type,
            value: first.kind.value_type,
            used_by: uses.iter().map(|of| of.key.clone()).collect(),
        });
    }
    json(&documents)
}

#[derive(Debug, Serialize)]
struct RowsDocument<'a> {
    version: u64,
    rows: &'a BTreeMap<String, String>,
}

async fn rows(State(behind): State<Behind>, Path(name): Path<String>) -> Response {
    match behind.director.table(&name).await {
        Ok(snapshot) => json(&RowsDocument { version: snapshot.version, rows: &snapshot.rows }),
        Err(error) => refused(&error),
    }
}

async fn history(State(behind): State<Behind>, Path(name): Path<String>) -> Response {
    match behind.director.table_history(&name).await {
        Ok(changes) => json(&changes),
        Err(error) => refused(&error),
    }
}

#[derive(Debug, Serialize)]
struct EditedDocument {
    version: u64,
    changes: Vec<RowChange>,
}

async fn edit(behind: &Behind, name: &str, edit: &Edit, how: &How) -> Response {
    match behind.director.edit_table(name, edit, &how.by()).await {
        Ok(edited) => json(&EditedDocument { version: edited.version, changes: edited.changes }),
        Err(error) => refused(&error),
    }
}

/// The body is the value, as text.
async fn set(
    State(behind): State<Behind>,
    Path((name, key)): Path<(String, String)>,
    Query(how): Query<How>,
    request: Request,
) -> Response {
    let body = match read(request.into_body(), behind.body_timeout).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let Ok(value) = String::from_utf8(body.into()) else {
        return Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "the value is no text").into_response();
    };
    edit(&behind, &name, &Edit::Set { key, value }, &how).await
}

async fn delete(
    State(behind): State<Behind>,
    Path((name, key)): Path<(String, String)>,
    Query(how): Query<How>,
) -> Response {
    edit(&behind, &name, &Edit::Delete { key }, &how).await
}

/// The body is an object of values by key, each a text.
async fn import(
    State(behind): State<Behind>,
    Path(name): Path<String>,
    Query(how): Query<How>,
    request: Request,
) -> Response {
    let body = match read(request.into_body(), behind.body_timeout).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let rows: BTreeMap<String, String> = match serde_json::from_slice(&body) {
        Ok(rows) => rows,
        Err(error) => {
            let problem = format!("the body is not an object of texts by key: {error}");
            return Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem).into_response();
        }
    };
    edit(&behind, &name, &Edit::Import { rows, replace: how.replace }, &how).await
}

fn refused(error: &TableError) -> Response {
    let status = match error {
        TableError::UnknownTable { .. } | TableError::UnknownKey { .. } => StatusCode::NOT_FOUND,
        TableError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        TableError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        TableError::Unreadable { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Failure::new(status, error.to_string()).into_response()
}
