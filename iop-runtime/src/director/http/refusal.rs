//! What is refused or not there, as a page for whoever looks at it with a browser; programs get it as JSON.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::picture::escaped;

/// No reason is longer.
const LONGEST: usize = 64 * 1024;

/// A browser that looks at something.
pub(super) fn wants_a_page(request: &Request) -> bool {
    request.method() == Method::GET && likes_pages(request.headers())
}

/// A browser says what it would like to show; programs do not.
pub(super) fn likes_pages(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html")
}

/// Makes a page of what is no page where a browser asks.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let wanted = wants_a_page(&request);
    let response = next.run(request).await;
    let status = response.status();
    if !wanted || !(status.is_client_error() || status.is_server_error()) || is_page(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let said = to_bytes(body, LONGEST).await.unwrap_or_default();
    let text = reason(&said).unwrap_or_else(|| status.canonical_reason().unwrap_or("It did not work").to_owned());
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    let mut page = page(status, &text);
    // Among others when it is worth trying again.
    for (name, value) in &parts.headers {
        page.headers_mut().insert(name, value.clone());
    }
    page
}

fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What an answer says is wrong.
fn reason(said: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(said) {
        Ok(answer) => answer.get("error")?.as_str()?.to_owned(),
        Err(_) => String::from_utf8_lossy(said).trim().to_owned(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The page: in the look of the console, and without anything of a production.
pub(crate) fn page(status: StatusCode, text: &str) -> Response {
    const MESSAGES: &str = "<a class=\"button\" href=\"/messages\">Search messages</a>";
    const AGAIN: &str = "<a class=\"button\" href=\"\">Try again</a>";
    const OTHER: &str = "<a class=\"button\" href=\"/login\">Log in as somebody else</a>";
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let (title, next) = match status {
        StatusCode::UNAUTHORIZED => ("You are not logged in", OTHER),
        StatusCode::FORBIDDEN => ("This is not for your role", OTHER),
        StatusCode::NOT_FOUND => ("There is nothing here", MESSAGES),
        StatusCode::BAD_REQUEST => ("This address cannot be right", MESSAGES),
        StatusCode::SERVICE_UNAVAILABLE => ("Not now", AGAIN),
        _ => ("That did not work", AGAIN),
    };
    let number = status.as_u16();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\">\n<link rel=\"stylesheet\" href=\"/assets/console.css\">\n</head>\n\
         <body class=\"alone\">\n<main id=\"main\">\n<section class=\"card\">\n<p class=\"quiet\">{number}</p>\n\
         <h1>{title}</h1>\n<p role=\"alert\">{}</p>\n<div class=\"buttons\"><a class=\"button main\" href=\"/\">To the \
         production</a>{next}</div>\n</section>\n</main>\n</body>\n</html>\n",
        escaped(text)
    );
    (status, headers, Body::from(html)).into_response()
}
