//! Lookup tables: what is in them, and who changed it.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;

use crate::console::frame::{Frame, Page, Problem, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::director::view::TableView;
use crate::lookup::{RowChange, TableError};

#[derive(Template)]
#[template(path = "tables.html")]
struct TablesPage {
    frame: Frame,
    tables: Vec<TableView>,
}

/// `GET /tables`.
pub(super) async fn tables(visit: Visit) -> Page {
    let tables = visit.director.table_views().await.map_err(|error| problem(&error))?;
    page(&TablesPage { frame: visit.frame("Tables", "/tables").await?, tables })
}

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    frame: Frame,
    name: String,
    version: u64,
    rows: Vec<(String, String)>,
    history: Vec<RowChange>,
    admin: bool,
}

/// `GET /tables/{name}`.
pub(super) async fn table(visit: Visit, Path(name): Path<String>) -> Page {
    let snapshot = visit.director.table(&name).await.map_err(|error| problem(&error))?;
    let history = visit.director.table_history(&name).await.map_err(|error| problem(&error))?;
    page(&TablePage {
        frame: visit.frame(name.as_str(), "/tables").await?,
        version: snapshot.version,
        rows: snapshot.rows.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        history,
        admin: visit.may(Role::Admin),
        name,
    })
}

fn problem(error: &TableError) -> Problem {
    let status = match error {
        TableError::UnknownTable { .. } => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, error.to_string())
}
