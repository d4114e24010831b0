//! Logging in with a browser: a token becomes a cookie, so that it does not stay in the address line.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::{Gate, origin_of};
use super::answer::Failure;
use super::routes::{Asked, Behind, read};
use super::table::Route;
use crate::director::{CallOrigin, Role};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::open_get("/login", page),
        Route::open_post("/login", login),
        Route::post("/api/v1/logout", Role::Viewer, logout).says("Ends the session of a browser.", &[]).gives_nothing(),
    ]
}

/// Where a token may stand in the address line.
#[derive(Debug, Deserialize)]
struct WithToken {
    token: String,
}

/// Takes a token out of the address of a page, and leads there with a cookie in its place.
pub(super) async fn by_address(State(behind): State<Behind>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET || request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let Some(token) = token_of(request.uri()) else { return next.run(request).await };
    let path = without_token(request.uri());
    match enter(&behind, origin_of(request.extensions()), &token).await {
        Ok(cookie) => (cookie, Redirect::to(&path)).into_response(),
        Err(failure) => failure.into_response(),
    }
}

fn token_of(uri: &Uri) -> Option<String> {
    let query = axum::extract::Query::<WithToken>::try_from_uri(uri).ok()?;
    Some(query.0.token)
}

/// The path with whatever else stands behind it. Never a place elsewhere: `//` would begin one.
fn without_token(uri: &Uri) -> String {
    let rest: Vec<_> = uri.query().unwrap_or_default().split('&').filter(|part| !part.starts_with("token=")).collect();
    let path = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
    if rest.iter().all(|part| part.is_empty()) { path } else { format!("{path}?{}", rest.join("&")) }
}

/// The cookie for a token that is somebody's.
async fn enter(
    behind: &Behind,
    origin: CallOrigin,
    token: &str,
) -> Result<[(header::HeaderName, HeaderValue); 1], Failure> {
    let gate: &Gate = &behind.gate;
    gate.listens_to(origin)?;
    let Some(whose) = gate.whose(token.trim()) else {
        return Err(gate.refused(&behind.director, origin).await);
    };
    let cookie = gate.cookie(&gate.sessions.open(whose));
    Ok([(header::SET_COOKIE, cookie)])
}

const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>iop</title>\n\
    <h1>Log in</h1>\n\
    <form method=\"post\" action=\"/login\">\n\
    <p><label>Token <input name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus required></label>\n\
    <button>Log in</button></p></form>\n\
    <p>The token of the production is in the file <code>http-token</code> in its store; \
    <code>user add</code> makes one for each person.</p>\n</html>\n";

async fn page() -> Html<&'static str> {
    Html(PAGE)
}

/// Takes the form of the page above.
async fn login(State(behind): State<Behind>, request: Request) -> Response {
    let origin = origin_of(request.extensions());
    let body = match read(request.into_body(), behind.patience).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    // A token has letters and digits alone: nothing of the form is encoded.
    let form = std::str::from_utf8(&body).unwrap_or_default();
    let token = form.split('&').find_map(|field| field.strip_prefix("token=")).unwrap_or_default();
    match enter(&behind, origin, token).await {
        Ok(cookie) => (cookie, Redirect::to("/")).into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// Ends the session of the caller.
async fn logout(State(behind): State<Behind>, _: Asked, headers: HeaderMap) -> Response {
    let gate: &Gate = &behind.gate;
    if let Some(session) = gate.session_name(&headers) {
        gate.sessions.close(session);
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, gate.no_cookie())]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_taken_out_of_the_address_and_nothing_leads_elsewhere() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        assert_eq!(token_of(&uri("/?token=abc")).as_deref(), Some("abc"));
        assert_eq!(token_of(&uri("/?tokens=abc")), None);
        assert_eq!(without_token(&uri("/?token=abc")), "/");
        assert_eq!(without_token(&uri("/messages?q=a&token=abc&n=2")), "/messages?q=a&n=2");
        assert_eq!(without_token(&uri("//example.com/?token=abc")), "/example.com/");
    }
}
