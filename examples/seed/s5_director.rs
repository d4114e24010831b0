//! S5: a web application that calls a service through the director.
//!
//! IoP: a Flask route asks `Director()` for a business service by name and calls its `on_process_input`. Here the web application may
//! be in the same program, as this one with axum, and hold a `Director`; or be another program in any language, as
//! `s5_flask/app.py`, and use the production's HTTP entrance.
//!
//! ```text
//! cargo run --bin s5_director
//! curl --json '{"request_string": "hello"}' http://127.0.0.1:5001/send_message/service
//! ```

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use iop::clock::SystemClock;
use iop::director::{Director, DirectorError};
use iop::engine::{StartOptions, Stop, start};
use iop::production::Production;
use iop::settings::{LayerSources, Layers, resolve};
use iop::store::sqlite::SqliteStore;
use serde_json::json;

use super::s3_service::OneService;

/// The web application: one route, whose requests go to the service that is named in it.
pub fn application(director: Director) -> Router {
    Router::new().route("/send_message/{service}", post(send_message)).with_state(director)
}

async fn send_message(State(director): State<Director>, Path(name): Path<String>, body: Bytes) -> Response {
    match call(&director, &name, &body).await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => refused(&error),
    }
}

async fn call(director: &Director, name: &str, body: &[u8]) -> Result<Bytes, DirectorError> {
    let service = director.get_business_service(name)?;
    let called = service.on_process_input_json(body).await?;
    Ok(called.response.unwrap_or_default())
}

fn refused(error: &DirectorError) -> Response {
    let status = match error {
        DirectorError::UnknownItem { .. } | DirectorError::NotAService(..) => StatusCode::NOT_FOUND,
        DirectorError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        DirectorError::Stopped(_) | DirectorError::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    // The text of an invalid body names the path of the field that does not fit.
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}

/// Runs production and application in this process until Ctrl-C.
///
/// # Errors
/// Where the settings do not fit or the address is taken.
pub async fn serve(address: SocketAddr) -> Result<(), Box<dyn StdError>> {
    let layers = Layers::read(LayerSources::of_process());
    let resolved = resolve(OneService::GRAPH, OneService::wiring(), &layers)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    iop::events::install("info")?;
    let store = SqliteStore::open("iop-data/one_service".as_ref(), Arc::new(SystemClock))?;
    let production = start(resolved, store, StartOptions::default()).await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, application(production.director()))
        .with_graceful_shutdown(async {
            // Where Ctrl-C cannot be listened to, stopping at once is the safer choice.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(production.stop(Stop::Drain(std::time::Duration::from_secs(30))).await?)
}
