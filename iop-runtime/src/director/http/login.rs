//! Logging in with a browser: a token becomes a cookie, so that it does not stay in the address line.

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::{Gate, origin_of};
use super::answer::Failure;
use super::refusal::likes_pages;
use super::routes::{Asked, Behind, read};
use super::table::Route;
use crate::director::{CallOrigin, Role};
use crate::picture::escaped;

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
    let query = Query::<WithToken>::try_from_uri(uri).ok()?;
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

/// Where somebody wanted to go before they were asked who they are.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    to: String,
}

impl Wanted {
    /// A page of ours; the first one where it is none.
    fn place(&self) -> &str {
        let ours = self.to.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
        if ours && self.to.bytes().all(|byte| byte.is_ascii_graphic()) { &self.to } else { "/" }
    }

    /// The address of the login that leads there.
    fn login(&self) -> String {
        match self.place() {
            "/" => "/login".to_owned(),
            // What the query of an address means by itself is encoded once more.
            place => format!("/login?to={}", place.replace('%', "%25").replace('&', "%26").replace('+', "%2B")),
        }
    }
}

/// To the login, and from there to where the request wanted to go.
pub(super) fn first(uri: &Uri) -> Redirect {
    let to = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    Redirect::to(&Wanted { to }.login())
}

async fn page(Query(wanted): Query<Wanted>) -> Html<String> {
    form(&wanted, None)
}

/// The page that asks for a token. It says nothing of the production: whoever sees it is nobody yet.
fn form(wanted: &Wanted, problem: Option<&str>) -> Html<String> {
    let problem = problem.map(|text| format!("<p class=\"problem\" role=\"alert\">{}</p>\n", escaped(text)));
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Log in</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\">\n<link rel=\"stylesheet\" href=\"/assets/console.css\">\n</head>\n\
         <body class=\"alone\">\n<main id=\"main\">\n<section class=\"card\">\n\
         <h1><img src=\"/assets/icon.svg\" alt=\"\" width=\"24\" height=\"24\"> Log in</h1>\n\
         <form method=\"post\" action=\"{}\">\n\
         <label class=\"field\">Token <input name=\"token\" type=\"password\" autocomplete=\"current-password\" \
         autofocus required></label>\n{}<button class=\"main\">Log in</button>\n</form>\n\
         <p class=\"quiet\">The start line has an address with the token, and so has the file <code>http-token</code> in the \
         store. <code>user add</code> makes one for each person.</p>\n</section>\n</main>\n</body>\n</html>\n",
        escaped(&wanted.login()),
        problem.unwrap_or_default(),
    ))
}

/// Takes the form of the page above.
async fn login(State(behind): State<Behind>, Query(wanted): Query<Wanted>, request: Request) -> Response {
    let origin = origin_of(request.extensions());
    let by_hand = likes_pages(request.headers());
    let body = match read(request.into_body(), behind.patience).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    // A token has letters and digits alone: nothing of the form is encoded.
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let token = text.split('&').find_map(|field| field.strip_prefix("token=")).unwrap_or_default();
    match enter(&behind, origin, token).await {
        Ok(cookie) => (cookie, Redirect::to(wanted.place())).into_response(),
        Err(failure) if by_hand => {
            let problem = match failure.status() {
                StatusCode::UNAUTHORIZED => "This is nobody's token.",
                _ => failure.problem(),
            };
            (failure.status(), form(&wanted, Some(problem))).into_response()
        }
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
        assert_eq!(token_of(&uri("/?token=abc")).as_deref(), Some("abc"));
        assert_eq!(token_of(&uri("/?tokens=abc")), None);
        assert_eq!(without_token(&uri("/?token=abc")), "/");
        assert_eq!(without_token(&uri("/messages?q=a&token=abc&n=2")), "/messages?q=a&n=2");
        assert_eq!(without_token(&uri("//example.com/?token=abc")), "/example.com/");
    }

    #[test]
    fn a_login_leads_to_the_page_that_was_wanted_and_nowhere_else() {
        let place = |to: &str| Wanted { to: to.to_owned() }.place().to_owned();
        assert_eq!(place("/messages?q=status:error%20since:1h&after=7"), "/messages?q=status:error%20since:1h&after=7");
        for elsewhere in ["", "//example.com", "/\\example.com", "https://example.com", "/\r\nSet-Cookie:a=b", "/ü"] {
            assert_eq!(place(elsewhere), "/", "{elsewhere}");
        }
        let wanted = Wanted { to: "/messages?q=a%26b&after=7".to_owned() };
        let Query(read) = Query::<Wanted>::try_from_uri(&uri(&wanted.login())).unwrap();
        assert_eq!(read.to, wanted.to);
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }
}
