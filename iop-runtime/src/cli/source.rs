//! Where a command reads: in the store of the production, whoever runs it, or over the API of one that is named by its URL.
//!
//! A store is read beside the production that has it open; what runs is not asked, and needs no entrance for it.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;

use super::Program;
use super::arguments::SettingsArguments;
use super::exit::{Exit, Failure};
use super::read::unreadable;
use super::remote::{Remote, segment};
use crate::clock::{Clock, SystemClock};
use crate::director::view::{self, EventPage, ExportPage, MessageDetail, QueueView, SessionTrace, Sight, TraceExtent};
use crate::director::{ExportOf, Job, PageOf, SavedSearch, SearchPage, saved_in};
use crate::events::escaped_lines;
use crate::message::{MessageId, SessionId};
use crate::production::Graph;
use crate::search;
use crate::store::{
    AuditEntry, AuditHead, AuditQuery, EventQuery, JobLine, JobLineQuery, JobQuery, Search, Viewer, verify_audit,
};

/// Where a command reads.
pub(crate) enum Source {
    /// In a store.
    Store(Arc<dyn Viewer>),
    /// In a production that was named.
    Running(Remote),
}

#[derive(Debug, Deserialize)]
struct Lines {
    messages: Vec<JobLine>,
}

/// A query as it was typed, or all of its mistakes.
pub(crate) fn parsed(text: &str) -> Result<search::Query, Failure> {
    search::parse(text).map_err(|error| Failure::new(Exit::Usage, escaped_lines(&error.to_string())))
}

/// Whatever else is a mistake, what does not exist is none.
fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.exit == Exit::FoundNothing => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl Program {
    /// Where a command reads.
    pub(crate) fn source(self, settings: &SettingsArguments) -> Result<Source, Failure> {
        match Remote::named(settings)? {
            Some(remote) => Ok(Source::Running(remote)),
            None => self.viewer(settings).map(Source::Store),
        }
    }
}

impl Source {
    async fn get<T: serde::de::DeserializeOwned>(remote: &Remote, path: &str) -> Result<T, Failure> {
        remote.ask(Method::GET, path, Bytes::new()).await
    }

    /// A page of what a query finds.
    pub(crate) async fn search(&self, query: &search::Query, page: PageOf) -> Result<SearchPage, Failure> {
        let PageOf { after, limit, oldest_first } = page;
        match self {
            Self::Store(viewer) => {
                let absolute = query.clone().at(SystemClock.now());
                let search = Search { query: absolute, after, limit, oldest_first, ..Search::default() };
                let found = viewer.search(search).await.map_err(unreadable)?;
                SearchPage::of(query, found, viewer.as_ref()).await.map_err(unreadable)
            }
            Self::Running(remote) => {
                let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
                let text = segment(&query.to_string());
                let path = format!("/api/v1/search?q={text}&limit={limit}&oldest_first={oldest_first}{after}");
                Self::get(remote, &path).await
            }
        }
    }

    /// The searches that are kept under a name.
    pub(crate) async fn saved_searches(&self) -> Result<Vec<SavedSearch>, Failure> {
        match self {
            Self::Store(viewer) => saved_in(&**viewer).await.map_err(unreadable),
            Self::Running(remote) => Self::get(remote, "/api/v1/searches").await,
        }
    }

    /// A page of messages with their bodies.
    pub(crate) async fn export(
        &self,
        query: &search::Query,
        page: ExportOf,
        sight: Sight,
    ) -> Result<ExportPage, Failure> {
        let ExportOf { after, up_to, limit } = page;
        match self {
            Self::Store(viewer) => {
                let query = query.clone().at(SystemClock.now());
                let search = Search { query, after, up_to, limit, oldest_first: true, within: None };
                view::export(&**viewer, search, sight).await.map_err(unreadable)
            }
            Self::Running(remote) => {
                let (text, reveal) = (segment(&query.to_string()), sight == Sight::Open);
                let parts =
                    [("after", after.map(|after| after.to_string())), ("up_to", up_to.map(|up_to| up_to.to_string()))];
                let path = format!("/api/v1/export?q={text}&limit={limit}&reveal={reveal}");
                Self::get(remote, &with(path, &parts)).await
            }
        }
    }

    /// A message with everything that is known of it.
    pub(crate) async fn message(&self, id: MessageId, sight: Sight) -> Result<Option<MessageDetail>, Failure> {
        match self {
            Self::Store(viewer) => view::message(&**viewer, id, sight).await.map_err(unreadable),
            Self::Running(remote) => {
                let (body, reveal) = (sight != Sight::Withheld, sight == Sight::Open);
                let path = format!("/api/v1/messages/{id}?body={body}&reveal={reveal}");
                found(Self::get(remote, &path).await)
            }
        }
    }

    /// The session of this id, or of the message of this id.
    pub(crate) async fn trace(&self, id: MessageId, sight: Sight) -> Result<Option<SessionTrace>, Failure> {
        match self {
            Self::Store(viewer) => {
                let extent = TraceExtent::whole(sight);
                if let Some(trace) = view::trace(&**viewer, SessionId::of(id), extent).await.map_err(unreadable)? {
                    return Ok(Some(trace));
                }
                match view::trace_of(&**viewer, id).await.map_err(unreadable)? {
                    Some(session) => view::trace(&**viewer, session, extent).await.map_err(unreadable),
                    None => Ok(None),
                }
            }
            Self::Running(remote) => {
                let (bodies, reveal) = (sight != Sight::Withheld, sight == Sight::Open);
                found(Self::get(remote, &format!("/api/v1/sessions/{id}?bodies={bodies}&reveal={reveal}")).await)
            }
        }
    }

    /// The backlog of every item.
    pub(crate) async fn queues(&self, graph: &Graph) -> Result<Vec<QueueView>, Failure> {
        match self {
            Self::Store(viewer) => view::queues(&**viewer, graph).await.map_err(unreadable),
            Self::Running(remote) => Self::get(remote, "/api/v1/queues").await,
        }
    }

    /// A page of the event log.
    pub(crate) async fn events(&self, query: EventQuery) -> Result<EventPage, Failure> {
        match self {
            Self::Store(viewer) => view::events(&**viewer, query).await.map_err(unreadable),
            Self::Running(remote) => {
                let EventQuery { level, item, session, message, after, limit, oldest_first } = query;
                let parts = [
                    ("level", level.map(|level| level.as_str().to_owned())),
                    ("item", item.map(|item| segment(&item))),
                    ("session", session.map(|session| session.to_string())),
                    ("message", message.map(|message| message.to_string())),
                    ("after", after.map(|after| after.to_string())),
                ];
                let path = format!("/api/v1/log?limit={limit}&oldest_first={oldest_first}");
                Self::get(remote, &with(path, &parts)).await
            }
        }
    }

    /// A page of the audit log.
    pub(crate) async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditEntry>, Failure> {
        match self {
            Self::Store(viewer) => viewer.audit(query).await.map_err(unreadable),
            Self::Running(remote) => {
                let AuditQuery { who, action, object, since, after, limit, oldest_first } = query;
                let parts = [
                    ("who", who.map(|who| segment(&who))),
                    ("action", action.map(|action| segment(&action))),
                    ("object", object.map(|object| segment(&object))),
                    ("since", since.map(|since| segment(&since.to_string()))),
                    ("after", after.map(|after| after.to_string())),
                ];
                let path = format!("/api/v1/audit?limit={limit}&oldest_first={oldest_first}");
                Self::get(remote, &with(path, &parts)).await
            }
        }
    }

    /// Proves that the audit log is what was written, and goes through an end that was kept.
    pub(crate) async fn verify(&self, kept: Option<AuditHead>) -> Result<AuditHead, Failure> {
        match self {
            Self::Store(viewer) => {
                verify_audit(&**viewer, kept).await.map_err(|fault| Failure::new(Exit::CheckFailed, fault.to_string()))
            }
            Self::Running(remote) => {
                let kept = kept.map(|kept| format!("?number={}&hash={}", kept.number, kept.hash)).unwrap_or_default();
                Self::get(remote, &format!("/api/v1/audit/verify{kept}")).await
            }
        }
    }

    /// Jobs, the newest first.
    pub(crate) async fn jobs(&self, below: Option<u64>) -> Result<Vec<Job>, Failure> {
        match self {
            Self::Store(viewer) => {
                let stored = viewer.jobs(JobQuery { below, ..JobQuery::default() }).await.map_err(unreadable)?;
                stored.iter().map(|job| Job::read(job).map_err(Failure::failed)).collect()
            }
            Self::Running(remote) => {
                let below = below.map(|below| format!("?below={below}")).unwrap_or_default();
                Self::get(remote, &format!("/api/v1/jobs{below}")).await
            }
        }
    }

    /// A job.
    pub(crate) async fn job(&self, number: u64) -> Result<Job, Failure> {
        match self {
            Self::Store(viewer) => {
                let query = JobQuery { number: Some(number), ..JobQuery::default() };
                let stored = viewer.jobs(query).await.map_err(unreadable)?;
                let stored =
                    stored.first().ok_or_else(|| Failure::found_nothing(format!("there is no job {number}")))?;
                Job::read(stored).map_err(Failure::failed)
            }
            Self::Running(remote) => Self::get(remote, &format!("/api/v1/jobs/{number}")).await,
        }
    }

    /// Messages of a job behind a place.
    pub(crate) async fn job_lines(&self, job: u64, after: u64) -> Result<Vec<JobLine>, Failure> {
        match self {
            Self::Store(viewer) => {
                let query = JobLineQuery { job, after, waiting: false, limit: 1000 };
                viewer.job_lines(query).await.map_err(unreadable)
            }
            Self::Running(remote) => {
                let lines: Lines = Self::get(remote, &format!("/api/v1/jobs/{job}/messages?after={after}")).await?;
                Ok(lines.messages)
            }
        }
    }
}

/// A path with those parts of its query that are given.
fn with(mut path: String, parts: &[(&str, Option<String>)]) -> String {
    for (name, value) in parts {
        if let Some(value) = value {
            path = format!("{path}&{name}={value}");
        }
    }
    path
}
