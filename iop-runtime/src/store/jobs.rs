//! Jobs as a store keeps them: what somebody does to many messages, with the messages that are meant and what came of each.
//! What a job is about is not known here: it is a document.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::message::MessageId;

/// A change of a job, atomic and durable.
#[derive(Debug, Clone)]
pub enum JobWrite {
    /// A new one, about these messages, in this order.
    New {
        /// What it is about.
        document: Arc<str>,
        /// The messages.
        messages: Vec<MessageId>,
    },
    /// The job as it is now, with what came of some of its messages.
    Progress {
        /// The job.
        number: u64,
        /// What it is about, and how far it is.
        document: Arc<str>,
        /// What came of its messages; those that have a result already keep it.
        lines: Vec<JobLine>,
    },
    /// Forgets it, with its messages.
    Remove(u64),
}

/// A stored job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// Its number, from 1.
    pub number: u64,
    /// What it is about.
    pub document: Arc<str>,
}

/// A message of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobLine {
    /// Its place, from 1.
    pub place: u64,
    /// The message.
    pub message: MessageId,
    /// The message that came of it.
    pub new: Option<MessageId>,
    /// What came of it; `None` while it waits.
    pub result: Option<Arc<str>>,
}

/// Which jobs, the newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobQuery {
    /// This one alone.
    pub number: Option<u64>,
    /// Page on: only lower numbers.
    pub below: Option<u64>,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
}

/// Which messages of a job, in their order.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobLineQuery {
    /// The job.
    pub job: u64,
    /// Page on: only what follows this place.
    pub after: u64,
    /// Only what has no result yet.
    pub waiting: bool,
    /// At most so many; 0 stands for 100.
    pub limit: usize,
}
