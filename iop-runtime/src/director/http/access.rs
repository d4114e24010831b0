//! Who may call: programs on this machine that know the token.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Failure;
use crate::director::{CallOrigin, Caller, Role};

/// What callers present as `Authorization: Bearer …`. Compared in constant time, shown by [`expose`](Self::expose)
/// alone.
#[derive(Clone)]
pub struct Token {
    text: String,
    hash: blake3::Hash,
}

impl Token {
    /// Nobody has seen it yet: 244 random bits of the operating system.
    pub(super) fn random() -> Self {
        Self::new(format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()))
    }

    pub(super) fn new(text: String) -> Self {
        let hash = blake3::hash(text.as_bytes());
        Self { text, hash }
    }

    /// The text, for whoever may know it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    fn is(&self, presented: &str) -> bool {
        // Hashes are compared in constant time, and of equal length whatever is presented.
        blake3::hash(presented.as_bytes()) == self.hash
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Refuses who came by a foreign name: a web page may have its own name point to this machine, but cannot change the
/// name that the browser sends.
pub(super) async fn by_our_name(request: Request, next: Next) -> Response {
    if is_ours(request.headers()) {
        return next.run(request).await;
    }
    Failure::new(StatusCode::MISDIRECTED_REQUEST, "this entrance answers to localhost, 127.0.0.1 and [::1] only")
        .into_response()
}

/// Finds out who asks, before anything of a body is read.
pub(super) async fn with_token(State(token): State<Arc<Token>>, mut request: Request, next: Next) -> Response {
    let presented = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let presented = presented.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    if presented.is_some_and(|presented| token.is(presented)) {
        let origin = CallOrigin::Network(Ipv4Addr::LOCALHOST.into());
        request.extensions_mut().insert(Caller { name: Arc::from("somebody over HTTP"), role: Role::Admin, origin });
        return next.run(request).await;
    }
    // Routes that are open to everybody stand behind this as well.
    next.run(request).await
}

/// Whoever asks is nobody that is known here.
pub(super) fn unknown_caller() -> Failure {
    let problem =
        "present the token of the production, from the file `http-token` in its store: Authorization: Bearer …";
    Failure::new(StatusCode::UNAUTHORIZED, problem)
}

fn is_ours(headers: &HeaderMap) -> bool {
    let mut names = headers.get_all(header::HOST).iter();
    let (Some(name), None) = (names.next().and_then(|name| name.to_str().ok()), names.next()) else { return false };
    let name = without_port(name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // An IPv6 address has colons of its own, and stands in brackets where a port follows.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn named(names: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(header::HOST, HeaderValue::from_static(name));
        }
        is_ours(&headers)
    }

    #[test]
    fn only_names_of_this_machine_are_ours() {
        for name in ["localhost", "LOCALHOST:4100", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:4100", "127.0.0.2"] {
            assert!(named(&[name]), "{name}");
        }
        for name in ["example.com", "127.0.0.1.example.com", "localhost.example.com:4100", "192.168.0.1", "", "[::2]:1"]
        {
            assert!(!named(&[name]), "{name}");
        }
        assert!(!named(&[]));
        assert!(!named(&["localhost", "example.com"]));
    }

    #[test]
    fn a_token_is_equal_to_itself_alone_and_is_not_shown() {
        let token = Token::random();
        assert!(token.is(token.expose()));
        assert!(!token.is(Token::random().expose()));
        assert!(!token.is(""));
        assert_eq!(token.expose().len(), 64);
        assert_eq!(format!("{token:?}"), "Token(***)");
    }
}
