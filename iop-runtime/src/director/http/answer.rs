//! What callers get: JSON, also where something is wrong.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::director::{CallFailure, DirectorError, FailureKind};
use crate::search::SearchError;

/// Something is wrong: a status and `{"error": …, "kind": …}`.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    body: CallFailure,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let kind = match status {
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_MANY_REQUESTS => FailureKind::Refused,
            StatusCode::NOT_FOUND => FailureKind::NotFound,
            StatusCode::UNPROCESSABLE_ENTITY => FailureKind::Invalid,
            status if status.is_client_error() => FailureKind::BadRequest,
            _ => FailureKind::Other,
        };
        Self { status, body: CallFailure::new(kind, error) }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, in words.
    pub(super) fn problem(&self) -> &str {
        &self.body.error
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        Self { status: StatusCode::BAD_REQUEST, body: CallFailure::from(error) }
    }
}

impl From<DirectorError> for Failure {
    fn from(error: DirectorError) -> Self {
        let body = CallFailure::from(error);
        let status = match body.kind {
            FailureKind::UnknownItem | FailureKind::UnknownMessage | FailureKind::UnknownJob => StatusCode::NOT_FOUND,
            FailureKind::Invalid | FailureKind::UnknownType => StatusCode::UNPROCESSABLE_ENTITY,
            FailureKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            // Nothing was taken, or a repetition with the same key is safe.
            FailureKind::Stopped | FailureKind::NotStored | FailureKind::Unknown => StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::OtherMessage | FailureKind::Conflict => StatusCode::CONFLICT,
            // It was taken, and waits for a person or was taken out by one.
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, body }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, json(&self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A value as the body of an answer.
pub(crate) fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => stored_json(Bytes::from(body)),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// JSON that is text already.
pub(super) fn stored_json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::message::{InvalidMessage, MessageId, SuspendReason};

    #[test]
    fn every_failure_of_a_call_has_the_status_that_says_what_to_do() {
        let item = || "lab".to_owned();
        let invalid = InvalidMessage { path: "a".to_owned(), reason: String::new() };
        let suspended = DirectorError::Suspended { item: item(), reason: SuspendReason::Poison, error: String::new() };
        let timed_out = DirectorError::TimedOut { item: item(), timeout: Duration::from_secs(60) };
        let unknown_type = DirectorError::UnknownType { item: item(), takes: String::new(), wrong: String::new() };
        for (error, status) in [
            (DirectorError::UnknownItem { name: item(), nearest: None }, 404),
            (DirectorError::NotAService(item(), ""), 404),
            (DirectorError::NoEntrance(item()), 404),
            (DirectorError::UnknownMessage(MessageId::random()), 404),
            (unknown_type, 422),
            (DirectorError::Invalid { type_name: "Order", invalid }, 422),
            (DirectorError::Stopped(item()), 503),
            (DirectorError::NotStored(item()), 503),
            (DirectorError::Unknown(item()), 503),
            (timed_out, 504),
            (suspended, 500),
            (DirectorError::Removed(item()), 500),
            (DirectorError::UnknownJob(7), 404),
            (DirectorError::NoMessage(item()), 404),
            (DirectorError::Refused(item()), 409),
            (DirectorError::NotWaiting(MessageId::random()), 409),
            (DirectorError::NotInQueue(MessageId::random()), 409),
            (DirectorError::AlreadyResent { id: MessageId::random(), new: MessageId::random() }, 409),
            (DirectorError::OtherMessage { id: MessageId::random(), of: item() }, 409),
        ] {
            assert_eq!(Failure::from(error.clone()).status.as_u16(), status, "{error}");
        }
    }
}
