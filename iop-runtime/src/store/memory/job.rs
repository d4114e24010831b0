//! Jobs in the memory store.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::viewer::page;
use crate::store::{JobLine, JobLineQuery, JobQuery, JobWrite, StoredJob};

/// Every job, with its messages.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<u64, (Arc<str>, Vec<JobLine>)>,
    latest: u64,
}

impl Jobs {
    pub(super) fn write(&mut self, write: JobWrite) -> u64 {
        match write {
            JobWrite::New { document, messages } => {
                self.latest += 1;
                let line = |(message, place)| JobLine { place, message, new: None, result: None };
                let lines = messages.into_iter().zip(1..).map(line).collect();
                self.jobs.insert(self.latest, (document, lines));
                self.latest
            }
            JobWrite::Progress { number, document, lines } => {
                if let Some((stored, _)) = self.jobs.get_mut(&number) {
                    *stored = document;
                }
                for line in lines {
                    self.write_line(number, line);
                }
                number
            }
            JobWrite::Remove(number) => {
                self.jobs.remove(&number);
                number
            }
        }
    }

    /// What came of a message; one that has a result keeps it.
    pub(super) fn write_line(&mut self, job: u64, with_result: JobLine) {
        let Some((_, lines)) = self.jobs.get_mut(&job) else { return };
        if let Some(line) = lines.iter_mut().find(|line| line.place == with_result.place && line.result.is_none()) {
            (line.new, line.result) = (with_result.new, with_result.result);
        }
    }

    pub(super) fn find(&self, query: JobQuery) -> Vec<StoredJob> {
        let wanted = |number: u64| {
            query.number.is_none_or(|wanted| wanted == number) && query.below.is_none_or(|below| number < below)
        };
        let jobs = self.jobs.iter().rev().filter(|(number, _)| wanted(**number)).take(page(query.limit));
        jobs.map(|(number, (document, _))| StoredJob { number: *number, document: Arc::clone(document) }).collect()
    }

    pub(super) fn lines(&self, query: JobLineQuery) -> Vec<JobLine> {
        let lines = self.jobs.get(&query.job).map_or(&[][..], |(_, lines)| lines);
        let wanted = |line: &&JobLine| line.place > query.after && (!query.waiting || line.result.is_none());
        lines.iter().filter(wanted).take(page(query.limit)).cloned().collect()
    }
}
