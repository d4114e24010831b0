//! What every answer says to a browser: run nothing, frame nothing, keep nothing, tell nobody.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::routes::Behind;

/// Scripts, styles and pictures of our own files alone; no inline ones, no frames, no other places.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const EVERY_ANSWER: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// Tells a browser to come over TLS alone from now on, for a year.
const TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers of every answer. Nothing is kept by anybody unless a handler says otherwise, as those of fixed files do.
pub(super) async fn harden(State(behind): State<Behind>, request: Request, next: Next) -> Response {
    // It holds for every port of a name: not for `localhost`, where other programs are at home as well.
    let tls_alone = behind.gate.secure
        && request
            .headers()
            .get(header::HOST)
            .is_some_and(|host| behind.gate.has_the_name(host.to_str().unwrap_or("")));
    let mut response = next.run(request).await;
    add(response.headers_mut());
    if tls_alone {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, TLS_ALONE);
    }
    response
}

fn add(headers: &mut HeaderMap) {
    for (name, value) in EVERY_ANSWER {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
