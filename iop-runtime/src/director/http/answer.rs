//! What callers get: JSON, also where something is wrong.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::director::DirectorError;

/// Something is wrong: a status and `{"error": …}`.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    body: FailureBody,
}

#[derive(Debug, Serialize)]
struct FailureBody {
    error: String,
    /// Where in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, body: FailureBody { error: error.into(), path: None } }
    }
}

impl From<DirectorError> for Failure {
    fn from(error: DirectorError) -> Self {
        let status = match &error {
            DirectorError::UnknownItem { .. } | DirectorError::NotAService(..) | DirectorError::NoEntrance(_) => {
                StatusCode::NOT_FOUND
            }
            DirectorError::Invalid { .. } | DirectorError::UnknownType { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            DirectorError::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
            // Nothing was taken, or a repetition with the same key is safe.
            DirectorError::Stopped(_) | DirectorError::NotStored(_) | DirectorError::Unknown(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            // It was taken, and waits for a person or was taken out by one.
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut failure = Self::new(status, error.to_string());
        if let DirectorError::Invalid { invalid, .. } = error {
            failure.body.path = Some(invalid.path);
        }
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, json(&self.body)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A value as the body of an answer.
pub(super) fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => stored_json(Bytes::from(body)),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// JSON that is text already.
pub(super) fn stored_json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
