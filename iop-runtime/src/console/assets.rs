//! The files that pages refer to. They are part of the program, and say nothing of a production.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Name, type and content.
const FILES: [(&str, &str, &str); 11] = [
    ("console.css", CSS, CSS_FILE),
    ("console.js", JS, include_str!("assets/console.js")),
    ("act.js", JS, include_str!("assets/act.js")),
    ("diagram.js", JS, include_str!("assets/diagram.js")),
    ("form.js", JS, include_str!("assets/form.js")),
    ("keys.js", JS, include_str!("assets/keys.js")),
    ("live.js", JS, include_str!("assets/live.js")),
    ("log.js", JS, include_str!("assets/log.js")),
    ("purge.js", JS, include_str!("assets/purge.js")),
    ("search.js", JS, include_str!("assets/search.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];
const CSS_FILE: &str = include_str!("assets/console.css");
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// `GET /assets/{file}`: asked for anew each time, and sent only where it is another than the browser has.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, kind, content)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", &blake3::hash(content.as_bytes()).to_hex()[..16]);
    let caching = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, *kind)], *content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some hundreds of pixels are the least width of a drawing: `picture/sequence/draw.rs`.
    #[test]
    fn the_sheet_has_every_least_width_of_a_drawing() {
        for hundreds in 3..=40 {
            assert!(CSS_FILE.contains(&format!(".least-{hundreds} {{ min-width: {hundreds}00px; }}")), "{hundreds}");
        }
    }

    /// The policy of the pages allows no script and no style but those of these files, so there must be no other need.
    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for (name, _, content) in FILES {
            let elsewhere = content.lines().filter(|line| line.contains("//") && line.contains("http"));
            let elsewhere: Vec<&str> = elsewhere.filter(|line| !line.contains("http://www.w3.org/")).collect();
            assert!(elsewhere.is_empty(), "{name}: {elsewhere:?}");
            assert!(!content.contains("innerHTML") && !content.contains("eval("), "{name} must write text nodes only");
        }
    }
}
