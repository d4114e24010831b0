//! Export and import over HTTP: messages with their bodies, a page or a batch at a time.

use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Failure;
use super::operator::answer;
use super::routes::{Asked, read};
use super::search::parsed;
use super::table::Route;
use crate::director::view::ExportPage;
use crate::director::{By, ExportOf, Imported, ImportedLine, Importing, Role};

/// Messages in one answer, at most.
const LONGEST_PAGE: usize = 1000;

/// The calls of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/export", Role::Reader, export)
            .says(
                "Messages with their bodies, a page of what a query finds in the order of acceptance.",
                &["q", "after", "up_to", "limit", "reveal"],
            )
            .gives::<ExportPage>(),
        Route::post("/api/v1/import", Role::Operator, import)
            .says("Takes exported messages in as new ones, a line of JSON each.", &["to", "dry_run", "by"])
            .takes_lines::<ImportedLine>()
            .gives::<Lines>(),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    q: String,
    after: Option<u64>,
    up_to: Option<u64>,
    limit: Option<usize>,
    /// Also what is sensitive.
    #[serde(default)]
    reveal: bool,
}

async fn export(asked: Asked, Query(which): Query<Which>) -> Response {
    let query = match parsed(&asked, &which.q) {
        Ok(query) => query,
        Err(response) => return *response,
    };
    let limit = which.limit.unwrap_or(0).min(LONGEST_PAGE);
    let page = ExportOf { after: which.after, up_to: which.up_to, limit };
    answer(asked.director.export(&query, page, asked.caller.role.sight(which.reveal)).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct How {
    to: Option<String>,
    #[serde(default)]
    dry_run: bool,
    by: Option<String>,
}

/// What came of each line, in their order.
#[derive(Debug, Serialize, JsonSchema)]
struct Lines {
    lines: Vec<Imported>,
}

async fn import(asked: Asked, Query(how): Query<How>, request: Request) -> Response {
    let body = match read(request.into_body(), asked.patience).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let mut lines = Vec::new();
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match serde_json::from_slice::<ImportedLine>(line) {
            Ok(line) => lines.push(line),
            Err(error) => {
                let problem = format!("line {} is no exported message: {error}", number + 1);
                return Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem).into_response();
            }
        }
    }
    let mut importing = Importing::by(By::new(asked.caller.in_the_name_of(how.by.as_deref())));
    (importing.to, importing.dry_run) = (how.to, how.dry_run);
    answer(asked.director.import(&lines, importing).await.map(|lines| Lines { lines }))
}
