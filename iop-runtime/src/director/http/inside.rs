//! The calls of the API without a connection: a program that has the store itself asks them as it asks the production that
//! runs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::{Extension, Router};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;

use super::access::{Gate, Token};
use super::attempts::Attempts;
use super::sessions::Sessions;
use super::{Patience, routes, table};
use crate::director::{Caller, Director};

/// No item runs that would have to finish something.
const GRACE: Duration = Duration::ZERO;

/// The calls of a director in this process.
#[derive(Debug)]
pub(crate) struct Inside(TowerToHyperService<Router>);

impl Inside {
    /// Everything is done in the name of this caller.
    pub(crate) fn of(director: Director, caller: Caller) -> Self {
        let patience = Patience::default();
        // Nobody comes in by it: the caller is there already.
        let gate = Gate {
            token: Token::random(),
            users: None,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            names: Vec::new(),
            port: 0,
            secure: false,
        };
        let stop = CancellationToken::new();
        let behind = routes::Behind { director, gate: Arc::new(gate), grace: GRACE, patience, stop, traces: None };
        let router = table::router(routes::all()).with_state(behind).layer(Extension(caller));
        Self(TowerToHyperService::new(router))
    }

    /// One call.
    ///
    /// # Errors
    /// What is wrong with the path, or with the answer.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let request = Request::builder().method(method).uri(path).body(Body::from(body));
        let request = request.map_err(|error| error.to_string())?;
        let response = match self.0.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }
}
