//! What a person decides: `resume`, `discard`, `resend`, `purge` and `alerts`, of the production that runs or, where none
//! runs, of its store.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{
    AlertsAction, AlertsArguments, Chosen, DecideArguments, PurgeArguments, ResendArguments, SettingsArguments, Table,
};
use super::exit::{Exit, Failure};
use super::read::unreadable;
use super::remote::{Remote, segment};
use super::settings::mistakes;
use super::table::Rows;
use super::{Program, linked, say, store, wait_for, who};
use crate::clock::SystemClock;
use crate::director::{Actor, By, Director, DirectorError, Resend};
use crate::events::escaped;
use crate::message::{AlertKind, Kind, MessageId};
use crate::settings::StoreChoice;
use crate::store::{MessageQuery, Purged};

/// Messages that one command may decide on: more are more than anybody has looked at.
const MOST: usize = 100_000;

/// Where the messages are.
enum Place {
    /// In the store, which nobody else has open.
    Here(Box<Director>),
    /// In a production that runs.
    There(Remote),
}

/// What is decided of one message.
enum Decision<'a> {
    Resume,
    Discard { reason: &'a str },
    Resend { to: Option<&'a str>, body: Option<Bytes>, force: bool },
}

#[derive(Debug, Deserialize)]
struct PurgedBody {
    messages: u64,
    bytes: u64,
    oldest: Option<String>,
    marks: u64,
    events: u64,
    more: bool,
}

impl Program {
    /// `resume`.
    pub(crate) fn resume(
        self,
        settings: &SettingsArguments,
        arguments: &DecideArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        self.decide(settings, &arguments.chosen, &Decision::Resume, out)
    }

    /// `discard`.
    pub(crate) fn discard(
        self,
        settings: &SettingsArguments,
        arguments: &DecideArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let Some(reason) = arguments.reason.as_deref().filter(|reason| !reason.trim().is_empty()) else {
            return Err(Failure::new(
                Exit::Usage,
                "say why: `--reason \"no such patient\"`; it is kept with the message",
            ));
        };
        self.decide(settings, &arguments.chosen, &Decision::Discard { reason }, out)
    }

    /// `resend`.
    pub(crate) fn resend(
        self,
        settings: &SettingsArguments,
        arguments: &ResendArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let body = arguments.body.as_deref().map(super::test::body).transpose()?;
        if body.is_some() && arguments.chosen.ids.len() != 1 {
            return Err(Failure::new(Exit::Usage, "another body is for one message: name its id"));
        }
        let decision = Decision::Resend { to: arguments.to.as_deref(), body, force: arguments.force };
        self.decide(settings, &arguments.chosen, &decision, out)
    }

    fn decide(
        self,
        settings: &SettingsArguments,
        chosen: &Chosen,
        decision: &Decision<'_>,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let ids = self.chosen(settings, chosen, decision)?;
        let verb = match decision {
            Decision::Resume => "resume",
            Decision::Discard { .. } => "discard",
            Decision::Resend { .. } => "resend",
        };
        let plural = if ids.len() == 1 { "" } else { "s" };
        if chosen.dry_run {
            for id in &ids {
                writeln!(out, "{id}")?;
            }
            say(&format!("would {verb} {} message{plural}", ids.len()));
            return Ok(Exit::Done);
        }
        // Ids were looked at one by one; what a search finds may be more than was meant.
        if chosen.ids.is_empty() && !chosen.yes {
            let text =
                format!("this would {verb} {} message{plural}: `--dry-run` shows them, `--yes` does it", ids.len());
            return Err(Failure::new(Exit::CheckFailed, text));
        }
        let by = chosen.by.clone().unwrap_or_else(who);
        wait_for(async {
            let place = self.place(settings)?;
            let mut left = 0;
            for id in &ids {
                match place.decide(*id, decision, &by).await? {
                    Some(line) => writeln!(out, "{line}")?,
                    None => {
                        left += 1;
                        say(&format!("{id} is not in a state that allows it"));
                    }
                }
            }
            place.close().await?;
            Ok(if left == 0 { Exit::Done } else { Exit::CheckFailed })
        })
    }

    /// The messages that are meant, as they are now: what comes later is not among them.
    fn chosen(
        self,
        settings: &SettingsArguments,
        chosen: &Chosen,
        decision: &Decision<'_>,
    ) -> Result<Vec<MessageId>, Failure> {
        if !chosen.ids.is_empty() {
            return Ok(chosen.ids.clone());
        }
        if chosen.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                "say which: ids, or `--item`, `--type`, `--status`, `--key`, `--since`",
            ));
        }
        let viewer = self.viewer(settings)?;
        // Only what is suspended is resumed, and nothing else is discarded by a search.
        let status = chosen.status.or(match decision {
            Decision::Resume | Decision::Discard { .. } => Some(crate::message::Status::Suspended),
            Decision::Resend { .. } => None,
        });
        let query = MessageQuery {
            session: chosen.session,
            type_name: chosen.type_name.as_deref().map(Arc::from),
            item: chosen.item.as_deref().map(Arc::from),
            status,
            key: chosen.key.as_ref().map(|(name, value)| (Arc::from(name.as_str()), Arc::from(value.as_str()))),
            since: chosen.since,
            limit: MOST,
            oldest_first: true,
            ..MessageQuery::default()
        };
        let mut found = wait_for(async { viewer.query(query).await.map_err(unreadable) })?;
        found.retain(|header| {
            let to_item = chosen.item.is_none() || header.target.as_deref() == chosen.item.as_deref();
            to_item && (header.kind == Kind::Request || matches!(decision, Decision::Resume | Decision::Discard { .. }))
        });
        if found.is_empty() {
            return Err(Failure::found_nothing("no such message"));
        }
        Ok(found.iter().map(|header| header.id).collect())
    }

    /// The production, or its store where nobody has it.
    fn place(self, settings: &SettingsArguments) -> Result<Place, Failure> {
        if let Some(remote) = Remote::named(settings)? {
            return Ok(Place::There(remote));
        }
        linked()?;
        let resolved = self.resolve(settings).map_err(|errors| mistakes(&errors, Exit::CheckFailed))?;
        let StoreChoice::Sqlite(directory) = &resolved.engine.store else {
            let problem =
                "a production that keeps its messages in memory cannot be found by its store; call its HTTP entrance";
            return Err(Failure::new(Exit::NotRunning, problem));
        };
        if !directory.exists() {
            return Err(Failure::found_nothing(format!("there is no store {}", directory.display())));
        }
        match store::open(&resolved.engine) {
            Ok(store) => {
                let director = Director::at_rest(resolved, store, Arc::new(SystemClock));
                let actor = Actor::new(who(), "operator", "command line");
                Ok(Place::Here(Box::new(director.acting_as(actor))))
            }
            Err(failure) if failure.exit == Exit::Refused => Remote::of(directory).map(Place::There),
            Err(failure) => Err(failure),
        }
    }

    /// `purge`.
    pub(crate) fn purge(
        self,
        settings: &SettingsArguments,
        arguments: &PurgeArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        wait_for(async {
            let place = self.place(settings)?;
            let preview = place.purge(arguments, true, "").await?;
            if arguments.dry_run || !arguments.yes {
                writeln!(out, "{}", purged_line("would purge", &preview))?;
                place.close().await?;
                if arguments.dry_run {
                    return Ok(Exit::Done);
                }
                say("`--yes` does it");
                return Ok(Exit::CheckFailed);
            }
            let mut done = PurgedBody { more: true, messages: 0, bytes: 0, oldest: None, marks: 0, events: 0 };
            while done.more {
                let purged = place.purge(arguments, false, &who()).await?;
                done = PurgedBody {
                    messages: done.messages + purged.messages,
                    bytes: done.bytes + purged.bytes,
                    oldest: done.oldest.or(purged.oldest),
                    marks: done.marks + purged.marks,
                    events: done.events + purged.events,
                    more: purged.more,
                };
            }
            writeln!(out, "{}", purged_line("purged", &done))?;
            place.close().await?;
            Ok(Exit::Done)
        })
    }

    /// `alerts`.
    pub(crate) fn alerts(
        self,
        settings: &SettingsArguments,
        arguments: &AlertsArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        wait_for(async {
            let place = self.place(settings)?;
            let done = match &arguments.action {
                Some(AlertsAction::Mute { item, kind, duration }) => place.mute(item, *kind, *duration).await,
                None => place.show(arguments.output.output, out).await,
            };
            place.close().await?;
            done
        })
    }
}

impl Place {
    /// What was done, in a line; `None` where the message is not in a state that allows it.
    async fn decide(&self, id: MessageId, decision: &Decision<'_>, by: &str) -> Result<Option<String>, Failure> {
        match self {
            Self::Here(director) => match decision {
                Decision::Resume => said(director.resume(id, by).await, id, "resumed"),
                Decision::Discard { reason } => {
                    said(director.discard(id, By::new(by).because(reason)).await, id, "discarded")
                }
                Decision::Resend { to, body, force } => {
                    let mut resend = Resend::by(by);
                    (resend.to, resend.body, resend.force) = (to.map(str::to_owned), body.clone(), *force);
                    let called = director.resend(id, resend).await.map_err(refused)?;
                    Ok(Some(resent_line(id, &called.id.to_string())))
                }
            },
            Self::There(remote) => {
                let (verb, query, body) = match decision {
                    Decision::Resume => ("resume", String::new(), Bytes::new()),
                    Decision::Discard { reason } => ("discard", format!("&reason={}", segment(reason)), Bytes::new()),
                    Decision::Resend { to, body, force } => {
                        let to = to.map(|to| format!("&to={}", segment(to))).unwrap_or_default();
                        ("resend", format!("{to}&force={force}"), body.clone().unwrap_or_default())
                    }
                };
                let path = format!("/api/v1/messages/{id}/{verb}?by={}{query}", segment(by));
                let answer: Value = remote.ask(Method::POST, &path, body).await?;
                Ok(match decision {
                    Decision::Resend { .. } => Some(resent_line(id, answer["id"].as_str().unwrap_or_default())),
                    _ if answer["changed"] != true => None,
                    Decision::Resume => Some(format!("{id} resumed")),
                    Decision::Discard { .. } => Some(format!("{id} discarded")),
                })
            }
        }
    }

    async fn purge(&self, arguments: &PurgeArguments, preview: bool, by: &str) -> Result<PurgedBody, Failure> {
        let older_than = arguments.older_than.map(|keep| keep.0);
        match self {
            Self::Here(director) => {
                let purged = if preview {
                    director.purgeable(older_than).await
                } else {
                    director.purge(older_than, Duration::MAX, by).await
                };
                purged.map(PurgedBody::from).map_err(refused)
            }
            Self::There(remote) => {
                let age = older_than.map(|age| format!("&older_than={}", age.as_secs())).unwrap_or_default();
                let path = format!("/api/v1/purge?preview={preview}&by={}{age}", segment(by));
                remote.ask(Method::POST, &path, Bytes::new()).await
            }
        }
    }

    async fn show(&self, output: Table, out: &mut dyn Write) -> Result<Exit, Failure> {
        let alerts: Value = match self {
            Self::Here(director) => {
                let (conditions, muted) = director.alerts().await.map_err(refused)?;
                json!({ "conditions": conditions, "muted": muted })
            }
            Self::There(remote) => remote.ask(Method::GET, "/api/v1/alerts", Bytes::new()).await?,
        };
        if output == Table::Json {
            serde_json::to_writer_pretty(&mut *out, &alerts)?;
            writeln!(out)?;
        } else {
            alerts_table(&alerts).write(out)?;
        }
        let holds = alerts["conditions"].as_array().is_some_and(|conditions| !conditions.is_empty());
        Ok(if holds { Exit::CheckFailed } else { Exit::Done })
    }

    async fn mute(&self, item: &str, kind: Option<AlertKind>, duration: Duration) -> Result<Exit, Failure> {
        let by = who();
        match self {
            Self::Here(director) => {
                director.mute_alerts(Some(item), kind, duration, &by).await.map_err(refused)?;
            }
            Self::There(remote) => {
                let kind = kind.map(|kind| format!("&kind={kind}")).unwrap_or_default();
                let (item, by, seconds) = (segment(item), segment(&by), duration.as_secs());
                let path = format!("/api/v1/alerts/mute?item={item}&seconds={seconds}&by={by}{kind}");
                let _: Value = remote.ask(Method::POST, &path, Bytes::new()).await?;
            }
        }
        let what = kind.map_or_else(|| "every rule".to_owned(), |kind| format!("the rule `{kind}`"));
        let text = if duration.is_zero() {
            format!("{what} of `{}` speaks again", escaped(item))
        } else {
            format!("{what} of `{}` keeps silent for {duration:.0?}", escaped(item))
        };
        say(&text);
        Ok(Exit::Done)
    }

    async fn close(&self) -> Result<(), Failure> {
        match self {
            Self::Here(director) => director.store().close().await.map_err(Failure::failed),
            Self::There(_) => Ok(()),
        }
    }
}

fn said(done: Result<bool, DirectorError>, id: MessageId, what: &str) -> Result<Option<String>, Failure> {
    done.map(|done| done.then(|| format!("{id} {what}"))).map_err(refused)
}

fn resent_line(id: MessageId, new: &str) -> String {
    format!("{id} resent as {new}")
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn refused(error: DirectorError) -> Failure {
    let exit = match &error {
        DirectorError::UnknownItem { .. } | DirectorError::UnknownMessage(_) => Exit::FoundNothing,
        _ => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}

impl From<Purged> for PurgedBody {
    fn from(purged: Purged) -> Self {
        let oldest = purged.oldest.map(|time| time.to_string());
        let Purged { messages, bytes, marks, events, next, .. } = purged;
        Self { messages, bytes, oldest, marks, events, more: next.is_some() }
    }
}

fn purged_line(what: &str, purged: &PurgedBody) -> String {
    let PurgedBody { messages, bytes, oldest, marks, events, .. } = purged;
    let oldest = oldest.as_deref().map(|time| format!(", the oldest of {time}")).unwrap_or_default();
    format!(
        "{what} {messages} messages with {bytes} bytes of bodies{oldest}; {marks} marks of inputs, {events} log lines"
    )
}

fn alerts_table(alerts: &Value) -> Rows {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut rows = Rows::new(["item", "kind", "since", "told", "value", "limit", "text"]);
    for condition in alerts["conditions"].as_array().into_iter().flatten() {
        rows.push(["item", "kind", "since", "told", "value", "limit", "text"].map(|field| text(&condition[field])));
    }
    for mute in alerts["muted"].as_array().into_iter().flatten() {
        let kind = if mute["kind"].is_null() { "(all)".to_owned() } else { text(&mute["kind"]) };
        let said = format!("muted until {} by {}", text(&mute["until"]), text(&mute["by"]));
        rows.push([text(&mute["item"]), kind, String::new(), String::new(), String::new(), String::new(), said]);
    }
    rows
}
