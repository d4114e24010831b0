//! What a person decides of messages: `resume`, `discard` and `resend`, by their ids or by a query.

use std::error::Error;
use std::io::Write;
use std::str::FromStr;

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use serde_json::{Value, json};

use super::arguments::{SettingsArguments, WhichItems};
use super::exit::{Exit, Failure};
use super::jobs::{messages, watch};
use super::orders::Order;
use super::place::Place;
use super::remote::segment;
use super::source::parsed;
use super::terminal::confirmed;
use super::{Program, edit, say, wait_for, who};
use crate::director::{Job, JobAct};
use crate::events::escaped;
use crate::message::MessageId;

/// Which messages: by their ids, or by a search.
#[derive(Debug, Args)]
pub(crate) struct Chosen<N: Named = MessageId> {
    /// Which, by name.
    #[arg(value_name = N::WORD)]
    pub(crate) ids: Vec<N>,
    /// Everything that this query finds now, as a job: 'item:billing since:1h'. Of what is resumed or discarded, only what is
    /// suspended.
    #[arg(long, value_name = "QUERY", conflicts_with = "ids", allow_hyphen_values = true)]
    pub(crate) query: Option<String>,
    /// At most so many in a second.
    #[arg(long, value_name = "COUNT", requires = "query")]
    pub(crate) rate: Option<u32>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// Whether it is done, and in whose name.
#[derive(Debug, Clone, Args)]
pub(crate) struct Consent {
    /// Shows the ids, and does nothing.
    #[arg(long)]
    dry_run: bool,
    /// Does it without a question.
    #[arg(long)]
    yes: bool,
    /// In whose name; the user of the system where it is left out.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Consent {
    fn by(&self) -> String {
        self.by.clone().unwrap_or_else(who)
    }
}

/// What can be named.
pub(crate) trait Named: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static {
    const WORD: &'static str;
}

impl Named for MessageId {
    const WORD: &'static str = "ID";
}

/// A message or an item.
impl Named for String {
    const WORD: &'static str = "ID|ITEM";
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen<String>,
    /// The items of this category; may be given several times.
    #[arg(long, conflicts_with_all = ["ids", "query"])]
    pub(crate) category: Vec<String>,
    /// Why.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Why; it is kept with the message.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ResendArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// To this item in place of their own.
    #[arg(long, value_name = "ITEM")]
    pub(crate) to: Option<String>,
    /// Also those that were resent already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Another body for one message: JSON, a file (`@hello.json`), or `-` for standard input.
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) body: Option<String>,
    /// Opens the body of one message in `$VISUAL` or `$EDITOR`, with what is sensitive in it, and sends what is written there.
    #[arg(long, conflicts_with_all = ["body", "dry_run"])]
    pub(crate) edit: bool,
}

/// What is decided of messages.
pub(crate) struct Decision {
    act: JobAct,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Of a message that is resent.
    body: Option<Bytes>,
    force: bool,
}

/// What is discarded needs a reason.
pub(crate) fn reason(given: Option<&str>) -> Result<String, Failure> {
    let given = given.map(str::trim).filter(|reason| !reason.is_empty());
    given.map(str::to_owned).ok_or_else(|| {
        Failure::new(Exit::Usage, "say why: `--reason \"no such patient\"`; it is kept with the message")
    })
}

impl Decision {
    pub(crate) fn of(act: JobAct) -> Self {
        Self { act, reason: None, body: None, force: false }
    }
}

impl Program {
    /// `resume`.
    pub(crate) fn resume(
        self,
        settings: &SettingsArguments,
        arguments: &ResumeArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        if !arguments.category.is_empty() {
            return self.order(settings, &WhichItems::of(&arguments.category), &Order::Resume);
        }
        let Chosen { ids, query, rate, consent } = &arguments.chosen;
        let (messages, items): (Vec<_>, Vec<_>) = ids.iter().partition(|name| name.parse::<MessageId>().is_ok());
        if !items.is_empty() {
            if !messages.is_empty() {
                return Err(Failure::new(Exit::Usage, "name messages or items, not both at once"));
            }
            return self.order_each(settings, ids, &Order::Resume);
        }
        let mut decision = Decision::of(JobAct::Resume);
        decision.reason.clone_from(&arguments.reason);
        let ids = messages.into_iter().filter_map(|id| id.parse().ok()).collect();
        let chosen = Chosen { ids, query: query.clone(), rate: *rate, consent: consent.clone() };
        self.decide(settings, &chosen, &decision, out)
    }

    /// `discard`.
    pub(crate) fn discard(
        self,
        settings: &SettingsArguments,
        arguments: &DecideArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let mut decision = Decision::of(JobAct::Discard { waiting: false });
        decision.reason = Some(reason(arguments.reason.as_deref())?);
        self.decide(settings, &arguments.chosen, &decision, out)
    }

    /// `resend`.
    pub(crate) fn resend(
        self,
        settings: &SettingsArguments,
        arguments: &ResendArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let one = match arguments.chosen.ids.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        if one.is_none() && (arguments.body.is_some() || arguments.edit) {
            return Err(Failure::new(Exit::Usage, "another body is for one message: name its id"));
        }
        let mut decision = Decision::of(JobAct::Resend { to: arguments.to.clone() });
        decision.force = arguments.force;
        decision.body = arguments.body.as_deref().map(super::test::body).transpose()?;
        match one.filter(|_| arguments.edit) {
            Some(id) => self.edit_and_resend(settings, &arguments.chosen, id, decision, out),
            None => self.decide(settings, &arguments.chosen, &decision, out),
        }
    }

    /// What was written is not lost where it is refused.
    fn edit_and_resend(
        self,
        settings: &SettingsArguments,
        chosen: &Chosen,
        id: MessageId,
        mut decision: Decision,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let place = self.place(settings)?;
        let found = wait_for(async {
            let found: Value = place.get(&format!("/api/v1/messages/{id}?reveal=true")).await?;
            place.close().await?;
            Ok(found)
        })?;
        let edited = edit::edited(&found["body"]["value"])?;
        decision.body = Some(edited.text.clone());
        let done = self.decide(settings, chosen, &decision, out);
        edited.settle(done)
    }

    pub(crate) fn decide(
        self,
        settings: &SettingsArguments,
        chosen: &Chosen,
        decision: &Decision,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        if chosen.ids.is_empty() && chosen.query.is_none() {
            return Err(Failure::new(Exit::Usage, "say which: ids, or `--query 'item:billing since:1h'`"));
        }
        if let Some(query) = &chosen.query {
            parsed(query)?;
        }
        if chosen.consent.dry_run && chosen.query.is_none() {
            for id in &chosen.ids {
                writeln!(out, "{id}")?;
            }
            return Ok(Exit::Done);
        }
        wait_for(async {
            let place = self.place(settings)?;
            let done = match &chosen.query {
                Some(query) => all_of(&place, query, chosen, decision, out).await,
                None => each(&place, chosen, decision, out).await,
            };
            place.close().await?;
            done
        })
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Everything that a query finds now, as a job: what comes later is not among it.
async fn all_of(
    place: &Place,
    query: &str,
    chosen: &Chosen,
    decision: &Decision,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut plan = serde_json::to_value(&decision.act)?;
    plan["query"] = json!(query);
    plan["per_second"] = json!(chosen.rate);
    plan["force"] = json!(decision.force);
    plan["reason"] = json!(decision.reason);
    plan["by"] = json!(chosen.consent.by());
    let job: Job = place.post_json("/api/v1/jobs", &plan).await?;
    let (verb, number) = (job.act.word(), job.number);
    let to = job.act.to().map(|to| format!(" to `{to}`")).unwrap_or_default();
    let what = format!("{verb} {} message{}{}", job.messages, plural(job.messages), escaped(&to));
    if chosen.consent.dry_run {
        for line in messages(place, number).await? {
            writeln!(out, "{}", line.message)?;
        }
        say(&format!("would {what}; `jobs start {number}` does it with just these"));
        return Ok(Exit::Done);
    }
    confirmed(chosen.consent.yes, &what)?;
    let _: Job = place.post(&format!("/api/v1/jobs/{number}/start?token={}", segment(&job.token))).await?;
    watch(place, number, out).await
}

/// The messages that were named, one by one.
async fn each(place: &Place, chosen: &Chosen, decision: &Decision, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for id in &chosen.ids {
        match one(place, *id, &chosen.consent.by(), decision).await? {
            Some(line) => writeln!(out, "{line}")?,
            None => {
                exit = Exit::CheckFailed;
                say(&format!("{id} is not in a state that allows it"));
            }
        }
    }
    Ok(exit)
}

/// What was done, in a line; `None` where the message is not in a state that allows it.
async fn one(place: &Place, id: MessageId, by: &str, decision: &Decision) -> Result<Option<String>, Failure> {
    let mut path = format!("/api/v1/messages/{id}/{}?by={}", decision.act.word(), segment(by));
    if let Some(reason) = &decision.reason {
        path = format!("{path}&reason={}", segment(reason));
    }
    if let JobAct::Resend { to } = &decision.act {
        let to = to.as_deref().map(|to| format!("&to={}", segment(to))).unwrap_or_default();
        path = format!("{path}{to}&force={}", decision.force);
    }
    let answer: Value = place.ask(Method::POST, &path, decision.body.clone().unwrap_or_default()).await?;
    Ok(match decision.act {
        JobAct::Resend { .. } => Some(done_line(&decision.act, id, answer["id"].as_str())),
        _ => (answer["changed"] == true).then(|| done_line(&decision.act, id, None)),
    })
}

/// `01a2… resumed`, `01a2… resent as 01a3…`.
pub(crate) fn done_line(act: &JobAct, id: MessageId, new: Option<&str>) -> String {
    match (act, new) {
        (JobAct::Resume, _) => format!("{id} resumed"),
        (JobAct::Discard { .. }, _) => format!("{id} discarded"),
        (JobAct::Move { to }, _) => format!("{id} moved to {to}"),
        (JobAct::Resend { .. }, Some(new)) => format!("{id} resent as {new}"),
        (JobAct::Resend { .. }, None) => format!("{id} resent"),
    }
}
