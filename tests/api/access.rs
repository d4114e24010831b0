//! Who may ask: every route and every kind of caller, and what a browser can be made to do.

use std::collections::BTreeSet;

use iop::console;
use iop::director::Role;
use iop::director::http::{Route, routes};
use iop::store::{AuditQuery, MessageQuery};

use super::open::{ORDER, Open};

/// Every kind of caller, in the order of the committed table.
const CALLERS: [&str; 7] = ["anonymous", "viewer", "reader", "operator", "admin", "wrong host", "cross origin"];

/// Where the table is committed.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/access.md");

/// A path of the route. Nothing in it exists, so that whoever is let in changes nothing.
fn path(route: &Route) -> String {
    let id = "0190b6a0c3f17d0e8a2b4c6d8e0f1a2b";
    let known = [("{id}", id), ("{name}", "nobody"), ("{key}", "nothing"), ("{file}", "nothing")];
    known.iter().fold(route.path.to_owned(), |path, (pattern, value)| path.replace(pattern, value))
}

/// What a caller comes to: a refusal, or `in`.
async fn outcome(lab: &Open, route: &Route, caller: &str, cookie: &str) -> String {
    let (host, path) = (lab.address.to_string(), path(route));
    let bearer = |role| format!("Bearer {}", lab.token_of(role));
    let mut headers = vec![("Host", host)];
    match caller {
        "anonymous" => {}
        "wrong host" => headers = vec![("Host", "example.com".to_owned()), ("Authorization", bearer(Role::Admin))],
        "cross origin" => headers.extend([
            ("Cookie", cookie.to_owned()),
            ("Origin", "http://example.com".to_owned()),
            ("Sec-Fetch-Site", "cross-site".to_owned()),
            ("X-Iop-Csrf", "1".to_owned()),
        ]),
        role => headers.push(("Authorization", bearer(Role::from_word(role).unwrap()))),
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = lab.raw(route.method.as_str(), &path, &headers, "").await;
    match answer.status {
        401 | 403 | 421 => answer.status.to_string(),
        _ => "in".to_owned(),
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_committed_table_says_and_nobody_else() {
    let lab = Open::lab().await;
    let cookie = lab.log_in(lab.token_of(Role::Admin)).await;
    let mut rows = Vec::new();
    for route in routes(console::routes) {
        let mut row = format!("| `{} {}` |", route.method, route.path);
        for caller in CALLERS {
            row.push_str(&format!(" {} |", outcome(&lab, &route, caller, &cookie).await));
        }
        rows.push(row);
    }
    rows.sort();
    lab.close().await;
    let committed = std::fs::read_to_string(TABLE).unwrap();
    let committed: Vec<&str> = committed.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(committed, rows, "docs/reference/access.md should have:\n{}\n", rows.join("\n"));
}

#[test]
fn only_what_shows_nothing_is_open_and_no_route_is_there_twice() {
    let all = routes(console::routes);
    let mut open: Vec<_> = all.iter().filter(|route| route.access.allows(None)).map(|route| route.path).collect();
    open.sort_unstable();
    assert_eq!(open, ["/assets/{file}", "/health/live", "/health/ready", "/healthz", "/login", "/login"]);
    let names: BTreeSet<_> = all.iter().map(|route| (route.method.as_str(), route.path)).collect();
    assert_eq!(names.len(), all.len());
}

#[tokio::test]
async fn a_token_in_the_address_becomes_a_cookie_that_is_good_until_its_owner_logs_out() {
    let lab = Open::lab().await;
    let host = lab.address.to_string();
    let cookie = lab.log_in(&lab.token).await;
    assert!(cookie.starts_with(&format!("iop-{}=", lab.address.port())), "{cookie}");
    assert!(!cookie.contains(&lab.token));
    let shows = async |cookie: &str| lab.raw("GET", "/api/v1/status", &[("Host", &host), ("Cookie", cookie)], "").await;
    assert_eq!(shows(&cookie).await.status, 200);
    assert_eq!(shows(&format!("{cookie}0")).await.status, 401);
    let other = lab.log_in(&lab.token).await;
    assert_ne!(other, cookie);
    let headers = [("Host", host.as_str()), ("Cookie", &cookie), ("X-Iop-Csrf", "1")];
    assert_eq!(lab.raw("POST", "/api/v1/logout", &headers, "").await.status, 204);
    assert_eq!((shows(&cookie).await.status, shows(&other).await.status), (401, 200));
    lab.close().await;
}

#[tokio::test]
async fn the_form_of_the_login_page_gives_a_cookie_and_a_wrong_token_none() {
    let lab = Open::lab().await;
    let host = lab.address.to_string();
    let origin = format!("http://{host}");
    let form = |token: &str| format!("token={token}");
    let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/x-www-form-urlencoded")];
    let page = lab.raw("GET", "/login", &[("Host", &host)], "").await;
    assert!(page.status == 200 && page.body.contains("<form method=\"post\" action=\"/login\">"), "{page:?}");
    let answer = lab.raw("POST", "/login", &headers, &form(lab.token_of(Role::Viewer))).await;
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    for wrong in [form("wrong"), String::new(), form("")] {
        let answer = lab.raw("POST", "/login", &headers, &wrong).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (401, None));
    }
    let elsewhere = [("Host", host.as_str()), ("Origin", "http://example.com")];
    assert_eq!(lab.raw("POST", "/login", &elsewhere, &form(&lab.token)).await.status, 403);
    lab.close().await;
}

#[tokio::test]
async fn a_cookie_changes_nothing_without_the_header_that_only_our_pages_send() {
    let lab = Open::lab().await;
    let host = lab.address.to_string();
    let cookie = lab.log_in(&lab.token).await;
    let ours = format!("http://{host}");
    let base = [("Host", host.as_str()), ("Cookie", cookie.as_str())];
    let post = async |more: &[(&str, &str)]| {
        lab.raw("POST", "/api/v1/items/intake/stop", &[base.as_slice(), more].concat(), "").await.status
    };
    assert_eq!(post(&[]).await, 403);
    assert_eq!(post(&[("Origin", &ours)]).await, 403);
    assert_eq!(post(&[("X-Iop-Csrf", "1"), ("Origin", "http://localhost:1")]).await, 403);
    assert_eq!(post(&[("X-Iop-Csrf", "1"), ("Origin", "null")]).await, 403);
    assert_eq!(post(&[("X-Iop-Csrf", "1"), ("Sec-Fetch-Site", "same-site")]).await, 403);
    assert_eq!(lab.running.director().status().items[0].state.as_str(), "running");
    assert_eq!(post(&[("X-Iop-Csrf", "1"), ("Origin", &ours), ("Sec-Fetch-Site", "same-origin")]).await, 200);
    lab.close().await;
}

#[tokio::test]
async fn who_is_taken_out_of_the_file_of_users_is_out_at_once() {
    let lab = Open::lab().await;
    let token = lab.token_of(Role::Operator).to_owned();
    let cookie = lab.log_in(&token).await;
    let host = lab.address.to_string();
    let headers = [("Host", host.as_str()), ("Cookie", cookie.as_str())];
    assert_eq!(lab.raw("GET", "/api/v1/status", &headers, "").await.status, 200);
    let users = iop::director::http::users::UserFile::open(&lab.folder.path().join("users.toml")).unwrap();
    users.remove("operator").unwrap();
    assert_eq!(lab.raw("GET", "/api/v1/status", &headers, "").await.status, 401);
    assert_eq!(lab.call(&token, "GET", "/api/v1/status", "").await.status, 401);
    lab.close().await;
}

#[tokio::test]
async fn what_a_user_does_and_sees_and_a_login_that_fails_are_on_record_with_their_name() {
    let lab = Open::lab().await;
    let operator = lab.token_of(Role::Operator);
    lab.call(operator, "POST", "/api/v1/services/intake", ORDER).await;
    let message = lab.store.query(MessageQuery::default()).await.unwrap().pop().unwrap().id;
    assert_eq!(lab.call(operator, "POST", "/api/v1/items/intake/stop?by=eve", "").await.status, 200);
    let seen =
        lab.call(lab.token_of(Role::Reader), "GET", &format!("/api/v1/messages/{message}?reveal=true"), "").await;
    assert_eq!(seen.json()["body"]["value"]["patient"], "Ann");
    let hidden =
        lab.call(lab.token_of(Role::Viewer), "GET", &format!("/api/v1/messages/{message}?reveal=true"), "").await;
    assert_eq!(
        (&hidden.json()["body"]["value"], &hidden.json()["body"]["shown"]),
        (&serde_json::Value::Null, &"withheld".into())
    );
    assert_eq!(lab.call("wrong", "GET", "/api/v1/status", "").await.status, 401);
    let record = lab.running.director().audit(AuditQuery::default()).await.unwrap();
    let acts: BTreeSet<_> = record.iter().map(|entry| (&*entry.who, &*entry.role, &*entry.action)).collect();
    for act in
        [("operator", "operator", "item.stop"), ("reader", "reader", "body.reveal"), ("somebody", "none", "login")]
    {
        assert!(acts.contains(&act), "{act:?} is not in {acts:?}");
    }
    assert!(record.iter().all(|entry| &*entry.from == "127.0.0.1"), "{record:?}");
    lab.close().await;
}

#[tokio::test]
async fn every_answer_tells_a_browser_to_run_nothing_and_to_keep_nothing() {
    let lab = Open::lab().await;
    let host = lab.address.to_string();
    for (path, headers) in [
        ("/api/v1/status", vec![("Host", host.as_str())]),
        ("/login", vec![("Host", &host)]),
        ("/nothing", vec![("Host", &host)]),
        ("/healthz", vec![("Host", "example.com")]),
    ] {
        let answer = lab.raw("GET", path, &headers, "").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
    }
    lab.close().await;
}
