//! Search: one box, the whole query in the address, a page at a time, and the result to keep.

use std::collections::BTreeMap;

use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};

use crate::console::frame::{Frame, Page, Problem, Visit, page};
use crate::console::html;
use crate::director::view::{KeyView, MessageView};
use crate::director::{PageOf, Role, SavedSearch};
use crate::message::MessageId;
use crate::search::{self, Mistake, Query as Sought};
use crate::store::{Counted, Search};

/// Messages on one page.
const PAGE: usize = 50;
/// Messages that are read at once for an export.
const BATCH: usize = 500;

/// Searches that are a click away.
const SEARCHES: [(&str, &str); 6] = [
    ("all", ""),
    ("in error", "status:error"),
    ("not over", "status:open"),
    ("last hour", "since:1h"),
    ("resent", "is:resent"),
    ("late", "is:late"),
];

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    q: String,
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    frame: Frame,
    query: String,
    encoded: String,
    chips: Vec<(&'static str, String, bool)>,
    /// What is wrong with the search, and the search without it.
    mistakes: Vec<(Mistake, Option<String>)>,
    count: String,
    looked: String,
    messages: Vec<MessageView>,
    keys: BTreeMap<MessageId, Vec<KeyView>>,
    next: Option<u64>,
    paged: bool,
    /// What somebody has saved, for everybody.
    kept: Vec<Kept>,
    operator: bool,
    admin: bool,
    /// Something can be done to all that is found: it was asked for.
    offers_jobs: bool,
    /// It can be saved: it is none of those that are a click away.
    can_keep: bool,
}

/// A search that is kept under a name.
struct Kept {
    search: SavedSearch,
    /// It is the one that is shown.
    here: bool,
}

/// `GET /messages`.
pub(super) async fn messages(visit: Visit, Query(which): Query<Which>) -> Page {
    let frame = visit.frame("Messages", "/messages").await?;
    let mut shown = MessagesPage {
        encoded: html::encoded(&which.q),
        chips: SEARCHES
            .map(|(name, query)| (name, format!("/messages?q={}", html::encoded(query)), query == which.q.trim()))
            .to_vec(),
        mistakes: Vec::new(),
        count: "Messages".to_owned(),
        looked: String::new(),
        messages: Vec::new(),
        keys: BTreeMap::new(),
        next: None,
        paged: which.after.is_some(),
        kept: kept(&visit).await?,
        operator: visit.may(Role::Operator),
        admin: visit.may(Role::Admin),
        offers_jobs: false,
        can_keep: false,
        query: which.q.clone(),
        frame,
    };
    let query = match search::parse(&which.q) {
        Ok(query) => query,
        Err(error) => {
            shown.mistakes =
                error.mistakes.into_iter().map(|mistake| (mistake.clone(), corrected(&which.q, &mistake))).collect();
            return page(&shown);
        }
    };
    allowed(&visit, &query)?;
    let asked = shown.operator && !query.terms.is_empty();
    let text = query.to_string();
    shown.kept.iter_mut().for_each(|kept| kept.here = kept.search.query == text);
    let near = shown.chips.iter().any(|(.., here)| *here) || shown.kept.iter().any(|kept| kept.here);
    (shown.offers_jobs, shown.can_keep) = (asked, asked && !near);
    let which = PageOf { after: which.after, limit: PAGE, oldest_first: false };
    let (counted, found) = tokio::join!(visit.director.count(&query), visit.director.search(&query, which));
    let found = found?;
    shown.count = words(counted?);
    if let Some(time) = found.looked_to {
        shown.looked = format!("looked back to {time}; there may be more: go on with Older");
    }
    shown.next = found.next;
    (shown.messages, shown.keys) = (found.messages, found.keys);
    page(&shown)
}

impl MessagesPage {
    /// What a message is known by.
    fn keys_of(&self, message: &MessageView) -> String {
        html::keys(self.keys.get(&message.id).map(Vec::as_slice).unwrap_or_default())
    }
}

/// The search with what was probably meant.
fn corrected(query: &str, mistake: &Mistake) -> Option<String> {
    let meant = mistake.suggestion.as_deref()?;
    let (before, behind) = (query.get(..mistake.span.start)?, query.get(mistake.span.end..)?);
    // A qualifier is suggested with its colon, which stands in the search already.
    let behind = behind.strip_prefix(':').filter(|_| meant.ends_with(':')).unwrap_or(behind);
    Some(format!("{before}{meant}{behind}"))
}

/// The searches that are kept, by name.
async fn kept(visit: &Visit) -> Result<Vec<Kept>, Problem> {
    let searches = visit.director.saved_searches().await?;
    Ok(searches.into_iter().map(|search| Kept { search, here: false }).collect())
}

/// Who may not read bodies may not ask for what is in them either.
fn allowed(visit: &Visit, query: &Sought) -> Result<(), Problem> {
    if query.reads_bodies() && !visit.may(Role::Reader) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "`text:` looks into bodies, which the role viewer may not"));
    }
    Ok(())
}

fn words(counted: Counted) -> String {
    match (counted.count, counted.exact) {
        (1, true) => "1 message".to_owned(),
        (count, true) => format!("{} messages", html::count(count)),
        (count, false) => format!("{}+ messages", html::count(count)),
    }
}

/// Where somebody is writing.
#[derive(Debug, Deserialize)]
pub(super) struct Writing {
    #[serde(default)]
    q: String,
    /// In the letters of a script: UTF-16 units.
    cursor: Option<usize>,
}

/// What could stand at the cursor, in the letters of a script.
#[derive(Debug, Serialize)]
struct Suggested {
    start: usize,
    end: usize,
    text: String,
    about: &'static str,
}

/// `GET /messages/suggest`.
pub(super) async fn suggest(visit: Visit, Query(writing): Query<Writing>) -> Response {
    let text = writing.q.as_str();
    let cursor = writing.cursor.map_or(text.len(), |units| bytes(text, units));
    let found = visit.director.suggest(text, cursor).await.unwrap_or_default();
    let suggestions = found.into_iter().map(|suggestion| Suggested {
        start: units(text, suggestion.span.start),
        end: units(text, suggestion.span.end),
        text: suggestion.text,
        about: suggestion.hint,
    });
    axum::Json(suggestions.collect::<Vec<_>>()).into_response()
}

/// The byte at which so many UTF-16 units end.
fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, letter) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(letter.len_utf16());
    }
    text.len()
}

/// The UTF-16 units up to a byte.
fn units(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).chars().map(char::len_utf16).sum()
}

/// How a result is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Jsonl,
}

/// `GET /messages/export.csv`.
pub(super) async fn csv(visit: Visit, Query(which): Query<Which>) -> Page {
    export(visit, &which, Form::Csv)
}

/// `GET /messages/export.jsonl`.
pub(super) async fn jsonl(visit: Visit, Query(which): Query<Which>) -> Page {
    export(visit, &which, Form::Jsonl)
}

/// Everything that fits, without bodies, as it is read: however much it is, only a batch of it is in memory.
fn export(visit: Visit, which: &Which, form: Form) -> Page {
    let query = search::parse(&which.q).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    allowed(&visit, &query)?;
    let query = query.at(visit.director.now());
    let (kind, name, head) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "messages.csv", HEAD),
        Form::Jsonl => ("application/jsonl; charset=utf-8", "messages.jsonl", ""),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let lines = lines(visit, query, form);
    let head = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(head.as_bytes()))]);
    Ok((headers, Body::from_stream(futures_util::StreamExt::chain(head, lines))).into_response())
}

/// The lines of an export, a batch after the other.
fn lines(visit: Visit, query: Sought, form: Form) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(Some((visit, query, None)), move |going| async move {
        let (visit, query, after) = going?;
        let search = Search { query: query.clone(), after, limit: BATCH, ..Search::default() };
        match visit.director.store().search(search).await {
            Ok(found) => {
                let messages = found.headers.into_iter().map(MessageView::from);
                let text: String = messages.map(|message| line(&message, form)).collect();
                let next = found.next.map(|next| (visit, query, Some(next)));
                Some((Ok(Bytes::from(text)), next))
            }
            // The connection is cut, so that nobody takes half of it for all.
            Err(error) => Some((Err(std::io::Error::other(error)), None)),
        }
    })
}

const HEAD: &str =
    "id,session,accepted,state,reason,kind,type,from,to,queued_micros,ran_micros,failed_attempts,error\r\n";

fn line(message: &MessageView, form: Form) -> String {
    match form {
        Form::Jsonl => serde_json::to_string(message).map(|line| line + "\n").unwrap_or_default(),
        Form::Csv => {
            let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let kind = html::exchange(message);
            let cells = [
                message.id.to_string(),
                message.session.to_string(),
                message.created.to_string(),
                message.status.as_str().to_owned(),
                text(message.reason.map(crate::message::SuspendReason::as_str)),
                if kind.is_empty() { "request".to_owned() } else { kind.to_owned() },
                message.type_name.to_string(),
                text(message.source.as_deref()),
                text(message.target.as_deref()),
                number(message.waited_micros),
                number(message.ran_micros),
                message.attempt.to_string(),
                text(message.error.as_deref()),
            ];
            cells.map(|cell| quoted_cell(&cell)).join(",") + "\r\n"
        }
    }
}

/// A cell of a CSV file. What a spreadsheet would take for a formula is text behind an apostrophe.
fn quoted_cell(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_no_formula() {
        assert_eq!(quoted_cell("plain"), "plain");
        assert_eq!(quoted_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted_cell("=HYPERLINK(\"http://evil\")"), "\"'=HYPERLINK(\"\"http://evil\"\")\"");
    }

    #[test]
    fn a_search_is_corrected_where_it_was_wrong_and_nowhere_else() {
        let corrected = |query: &str| {
            let mistakes = search::parse(query).unwrap_err().mistakes;
            mistakes.iter().map(|mistake| corrected(query, mistake)).collect::<Vec<_>>()
        };
        assert_eq!(corrected("since:1h statsu:error"), [Some("since:1h status:error".to_owned())]);
        assert_eq!(corrected("status:eror since:1h"), [Some("status:error since:1h".to_owned())]);
        assert_eq!(corrected("status:"), [None]);
    }

    #[test]
    fn a_cursor_of_a_script_is_found_in_text_of_every_language() {
        let text = "a😀ü:x";
        assert_eq!([0, 1, 3, 4, 9].map(|at| bytes(text, at)), [0, 1, 5, 7, 9]);
        assert_eq!([0, 1, 5, 7, 9].map(|at| units(text, at)), [0, 1, 3, 4, 6]);
    }
}
