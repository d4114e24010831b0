//! Settings and lookup tables over HTTP.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Failure, json};
use super::routes::{Asked, read};
use super::table::Route;
use crate::director::Role;
use crate::director::view::TableView;
use crate::engine::{ReloadError, Reloading, Stop};
use crate::lookup::{Edit, RowChange, TableError};
use crate::settings::{Reloaded, ShownSetting};

/// The calls about settings and tables.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/settings", Role::Viewer, settings)
            .says("Every setting, its value and where that came from.", &[])
            .gives::<Vec<ShownSetting>>(),
        Route::post("/api/v1/settings/reload", Role::Admin, reload)
            .says("Reads the settings once more, and applies what has changed.", &["by", "preview"])
            .gives::<ReloadedBody>(),
        Route::get("/api/v1/tables", Role::Viewer, tables).says("The lookup tables.", &[]).gives::<Vec<TableView>>(),
        Route::get("/api/v1/tables/{name}", Role::Reader, rows)
            .says("The rows of a lookup table.", &[])
            .gives::<RowsDocument<'_>>(),
        Route::put("/api/v1/tables/{name}", Role::Admin, import)
            .says("Puts rows into a lookup table.", &["by", "replace"])
            .takes::<BTreeMap<String, String>>()
            .gives::<EditedDocument>(),
        Route::get("/api/v1/tables/{name}/history", Role::Reader, history)
            .says("Who changed what in a lookup table.", &[])
            .gives::<Vec<RowChange>>(),
        Route::put("/api/v1/tables/{name}/rows/{key}", Role::Admin, set)
            .says("Sets a row of a lookup table.", &["by"])
            .takes_text()
            .gives::<EditedDocument>(),
        Route::delete("/api/v1/tables/{name}/rows/{key}", Role::Admin, delete)
            .says("Deletes a row of a lookup table.", &["by"])
            .gives::<EditedDocument>(),
    ]
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

async fn settings(asked: Asked) -> Response {
    json(&asked.director.settings())
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReloadedBody {
    #[serde(flatten)]
    reloaded: Reloaded,
    applied: bool,
}

async fn reload(asked: Asked, Query(how): Query<How>) -> Response {
    let reloading = if how.preview { Reloading::Preview } else { Reloading::Apply };
    match asked
        .director
        .reload_settings(&asked.caller.in_the_name_of(how.by.as_deref()), reloading, Stop::Drain(asked.grace))
        .await
    {
        Ok(reloaded) => json(&ReloadedBody { reloaded, applied: reloading == Reloading::Apply }),
        Err(error) => {
            let status = match &error {
                ReloadError::NoSource => StatusCode::CONFLICT,
                ReloadError::NotOnRecord(_) => StatusCode::SERVICE_UNAVAILABLE,
                ReloadError::Invalid(_) | ReloadError::NeedsStart(_) => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Failure::new(status, error.to_string()).into_response()
        }
    }
}

async fn tables(asked: Asked) -> Response {
    match asked.director.table_views().await {
        Ok(tables) => json(&tables),
        Err(error) => refused(&error),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct RowsDocument<'a> {
    version: u64,
    rows: &'a BTreeMap<String, String>,
}

async fn rows(asked: Asked, Path(name): Path<String>) -> Response {
    match asked.director.table(&name).await {
        Ok(snapshot) => json(&RowsDocument { version: snapshot.version, rows: &snapshot.rows }),
        Err(error) => refused(&error),
    }
}

async fn history(asked: Asked, Path(name): Path<String>) -> Response {
    match asked.director.table_history(&name).await {
        Ok(changes) => json(&changes),
        Err(error) => refused(&error),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct EditedDocument {
    version: u64,
    changes: Vec<RowChange>,
}

async fn edit(asked: &Asked, name: &str, edit: &Edit, how: &How) -> Response {
    match asked.director.edit_table(name, edit, &asked.caller.in_the_name_of(how.by.as_deref())).await {
        Ok(edited) => json(&EditedDocument { version: edited.version, changes: edited.changes }),
        Err(error) => refused(&error),
    }
}

/// The body is the value, as text.
async fn set(
    asked: Asked,
    Path((name, key)): Path<(String, String)>,
    Query(how): Query<How>,
    request: Request,
) -> Response {
    let body = match read(request.into_body(), asked.patience).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let Ok(value) = String::from_utf8(body.into()) else {
        return Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "the value is no text").into_response();
    };
    edit(&asked, &name, &Edit::Set { key, value }, &how).await
}

async fn delete(asked: Asked, Path((name, key)): Path<(String, String)>, Query(how): Query<How>) -> Response {
    edit(&asked, &name, &Edit::Delete { key }, &how).await
}

/// The body is an object of values by key, each a text.
async fn import(asked: Asked, Path(name): Path<String>, Query(how): Query<How>, request: Request) -> Response {
    let body = match read(request.into_body(), asked.patience).await {
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
    edit(&asked, &name, &Edit::Import { rows, replace: how.replace }, &how).await
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
