//! Everything that is known of one message, and what can be done with it.

use std::time::Duration;

use super::{Address, drawn};
use crate::console::frame::{Problem, Visit};
use crate::console::html;
use crate::director::Role;
use crate::director::view::{EventView, MessageDetail, SessionTrace, Shown, Sight, TracedMessage};
use crate::message::{Kind, MessageId, Status};
use crate::picture::sequence::spoken;
use crate::store::Level;

/// The parts of a panel: the word in the address, and the name.
const TABS: [(&str, &str); 5] =
    [("body", "Body"), ("header", "Header"), ("response", "Response"), ("attempts", "Attempts"), ("log", "Log")];

/// The panel of a message.
pub(super) struct Panel {
    pub(super) detail: MessageDetail,
    pub(super) tab: &'static str,
    /// Word, name, count and address.
    pub(super) tabs: Vec<(&'static str, &'static str, usize, String)>,
    pub(super) after: Option<String>,
    pub(super) times: String,
    pub(super) body: String,
    pub(super) response: Option<String>,
    /// Lines of failed attempts.
    pub(super) attempts: Vec<EventView>,
    pub(super) actions: Actions,
    /// Why the body is not there, or not all of it.
    pub(super) withheld: &'static str,
    pub(super) can_reveal: bool,
}

/// What the caller may do with it.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) resend: bool,
    pub(super) edit: bool,
    pub(super) resume: bool,
    pub(super) discard: bool,
    pub(super) command: String,
    pub(super) test: Option<String>,
    /// In the words of a confirmation.
    pub(super) target: String,
}

/// The panel of a message; `None` where it is not in the store any more.
pub(super) async fn of(
    visit: &Visit,
    trace: &SessionTrace,
    id: MessageId,
    address: &Address,
) -> Result<Option<Panel>, Problem> {
    let tab = address.which.tab.as_deref();
    let tab = TABS.iter().map(|(word, _)| *word).find(|word| Some(*word) == tab).unwrap_or("body");
    // Who sees a body is on record; who does not ask for one need not be.
    let bodies = matches!(tab, "body" | "response");
    let sight = if bodies { visit.caller.role.sight(false) } else { Sight::Withheld };
    let detail = match visit.director.message(id, sight).await {
        Ok(detail) => detail,
        Err(crate::director::DirectorError::UnknownMessage(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let attempts: Vec<EventView> = detail.events.iter().filter(|event| is_attempt(event)).cloned().collect();
    let counts = |word: &str| match word {
        "attempts" => attempts.len(),
        "log" => detail.events.len(),
        _ => 0,
    };
    let tabs = TABS.iter().filter(|(word, _)| *word != "response" || detail.message.kind == Kind::Request);
    let tabs = tabs
        .map(|&(word, name)| (word, name, counts(word), address.with(|which| which.tab = Some(word.to_owned()))))
        .collect();
    let begin = trace.messages.iter().map(|traced| traced.message.begun()).min();
    let traced = trace.messages.iter().find(|traced| traced.message.id == id);
    let shown = detail.body.shown;
    Ok(Some(Panel {
        after: begin.map(|begin| spoken(detail.message.created.since(begin))),
        times: traced.map(|traced| times(visit, traced)).unwrap_or_default(),
        body: html::json(&detail.body.value),
        response: detail.response.as_ref().map(|answer| html::json(&answer.body.value)),
        actions: actions(visit, &detail),
        withheld: match shown {
            Shown::Withheld => "Bodies are shown to the role reader and above.",
            Shown::Masked => "Sensitive values are masked. Showing them is noted in the audit log.",
            Shown::Open => "",
        },
        can_reveal: shown == Shown::Masked && visit.may(Role::Reader),
        attempts,
        tab,
        tabs,
        detail,
    }))
}

/// The engine says of each failed attempt that it was one.
fn is_attempt(event: &EventView) -> bool {
    event.level >= Level::Warn && event.module.starts_with("iop")
}

fn times(visit: &Visit, traced: &TracedMessage) -> String {
    match drawn::times(traced, visit.director.now()) {
        (Some(queued), Some(ran)) => format!("{} / {}", spoken(queued), spoken(ran)),
        (Some(queued), None) => format!("{} so far", spoken(queued)),
        (None, Some(took)) => format!("{} in all", spoken(took)),
        (None, None) => spoken(Duration::ZERO),
    }
}

fn actions(visit: &Visit, detail: &MessageDetail) -> Actions {
    let message = &detail.message;
    let operator = visit.may(Role::Operator);
    let request = message.kind == Kind::Request && detail.type_known && message.target.is_some();
    let target = message.target.as_deref().unwrap_or("outside").to_owned();
    let command = format!("{} resend {}", super::super::program(), message.id);
    let test = (request && detail.body.shown != Shown::Withheld).then(|| test(visit, detail, &target));
    Actions {
        resend: operator && request,
        edit: operator && request,
        resume: operator && message.status == Status::Suspended,
        discard: operator && matches!(message.status, Status::Suspended | Status::Retrying | Status::Queued),
        command,
        test,
        target,
    }
}

/// A test in Rust that sends the body as it is shown: what is masked stays so.
fn test(visit: &Visit, detail: &MessageDetail, item: &str) -> String {
    let type_name = detail.message.type_name.rsplit('.').next().unwrap_or_default();
    let body = serde_json::to_string(&detail.body.value).unwrap_or_default();
    let mut fence = "#".to_owned();
    while body.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    let production = visit.director.graph().name;
    format!(
        "#[tokio::test(start_paused = true)]\n\
         async fn {item}_takes_this_message() {{\n    \
         let production = TestProduction::<{production}>::new().start().await;\n    \
         let message: {type_name} = serde_json::from_str(r{fence}\"{body}\"{fence}).unwrap();\n    \
         let session = production.send(\"{item}\", message).await.unwrap();\n    \
         production.until_idle().await;\n    \
         production.trace(session).await.assert_completed();\n}}\n"
    )
}
