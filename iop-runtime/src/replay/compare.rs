//! Two runs of a session, message by message: ids and times do not count, nor does the order in which responses came.

use serde_json::Value;

use super::record::Recorded;
use super::report::{Change, Difference, FieldChange};
use crate::engine::FAILURE;
use crate::message::{Header, Kind};
use crate::production::Registry;
use crate::store::StoredMessage;

/// What does not count.
pub(super) struct Comparison<'a> {
    /// Items that answered from the record: how they fared is no news.
    pub(super) recorded: &'a [String],
    /// Names or paths of fields.
    pub(super) ignored: &'a [String],
}

impl Comparison<'_> {
    pub(super) fn of(&self, was: &Recorded, is: Option<&Recorded>) -> Vec<Difference> {
        let registry = Registry::linked().unwrap_or_default();
        let Some(is) = is else { return Vec::new() };
        let mut differences = Vec::new();
        for root in was.roots() {
            // One that could not be handed over was said to be a problem.
            if let Some(again) = is.roots().find(|again| again.header.id == root.header.id) {
                let runs = Runs { was, is, registry: &registry };
                self.message(&runs, root, again, &mut differences);
            }
        }
        differences
    }

    /// The same message in both runs, and what descends from it.
    fn message(&self, runs: &Runs<'_>, was: &StoredMessage, is: &StoredMessage, differences: &mut Vec<Difference>) {
        self.status(&was.header, is, differences);
        if &*was.header.type_name != FAILURE {
            let fields = self.fields(runs, was, is);
            if !fields.is_empty() {
                differences.push(Difference::new(is, Change::Body { fields }));
            }
        }
        let (before, after) = (runs.was.children(was.header.id), runs.is.children(is.header.id));
        for pair in paired(&before, &after) {
            match pair {
                Pair::Both(was, is) => self.message(runs, was, is, differences),
                Pair::Before(was) => runs.alone(was, Side::Before, differences),
                Pair::After(is) => runs.alone(is, Side::After, differences),
            }
        }
    }

    fn status(&self, was: &Header, is: &StoredMessage, differences: &mut Vec<Difference>) {
        let answers_itself =
            was.target.as_ref().is_some_and(|target| self.recorded.iter().any(|item| **item == **target));
        if was.status == is.header.status || was.kind == Kind::Timer || answers_itself && is.header.error.is_none() {
            return;
        }
        let words = |header: &Header| match &header.error {
            Some(error) if !header.status.is_finished() => format!("{}: {error}", header.status),
            _ => header.status.to_string(),
        };
        differences.push(Difference::new(is, Change::Status { was: words(was), is: words(&is.header) }));
    }

    fn fields(&self, runs: &Runs<'_>, was: &StoredMessage, is: &StoredMessage) -> Vec<FieldChange> {
        if was.body == is.body {
            return Vec::new();
        }
        let mut changes = Vec::new();
        self.value(".", &value(&was.body), &value(&is.body), &mut changes);
        for change in &mut changes {
            if runs.is_sensitive(&was.header.type_name, &change.path) {
                (change.was, change.is) = (masked(), masked());
            }
        }
        changes
    }

    fn value(&self, path: &str, was: &Value, is: &Value, changes: &mut Vec<FieldChange>) {
        if was == is || self.is_ignored(path) {
            return;
        }
        match (was, is) {
            (Value::Object(before), Value::Object(after)) => {
                let added = after.keys().filter(|name| !before.contains_key(*name));
                for name in before.keys().chain(added) {
                    let path = if path == "." { name.clone() } else { format!("{path}.{name}") };
                    self.value(&path, field(before, name), field(after, name), changes);
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                for at in 0..before.len().max(after.len()) {
                    let (was, is) = (before.get(at).unwrap_or(&Value::Null), after.get(at).unwrap_or(&Value::Null));
                    let path = if path == "." { format!("[{at}]") } else { format!("{path}[{at}]") };
                    self.value(&path, was, is, changes);
                }
            }
            _ => changes.push(FieldChange { path: path.to_owned(), was: was.clone(), is: is.clone() }),
        }
    }

    fn is_ignored(&self, path: &str) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        let name = name.split('[').next().unwrap_or(name);
        self.ignored.iter().any(|ignored| ignored == path || ignored == name && !name.is_empty())
    }
}

fn field<'a>(fields: &'a serde_json::Map<String, Value>, name: &str) -> &'a Value {
    fields.get(name).unwrap_or(&Value::Null)
}

fn masked() -> Value {
    Value::from("***")
}

/// A body as JSON; what is none, as text.
fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

struct Runs<'a> {
    was: &'a Recorded,
    is: &'a Recorded,
    registry: &'a Registry,
}

impl Runs<'_> {
    fn is_sensitive(&self, type_name: &str, path: &str) -> bool {
        let first = path.split(['.', '[']).next().unwrap_or(path);
        self.registry.messages.get(type_name).is_some_and(|message| message.sensitive.contains(&first))
    }

    /// A message of one run only, and what descends from it.
    fn alone(&self, message: &StoredMessage, side: Side, differences: &mut Vec<Difference>) {
        let mut body = value(&message.body);
        if let Value::Object(fields) = &mut body {
            for (name, value) in fields.iter_mut() {
                if self.is_sensitive(&message.header.type_name, name) {
                    *value = masked();
                }
            }
        }
        let (run, change) = match side {
            Side::Before => (self.was, Change::Missing { body }),
            Side::After => (self.is, Change::Added { body }),
        };
        differences.push(Difference::new(message, change));
        for child in run.children(message.header.id) {
            self.alone(child, side, differences);
        }
    }
}

enum Pair<'a> {
    Both(&'a StoredMessage, &'a StoredMessage),
    Before(&'a StoredMessage),
    After(&'a StoredMessage),
}

/// What makes two messages of two runs comparable.
fn alike(was: &StoredMessage, is: &StoredMessage) -> bool {
    let (was, is) = (&was.header, &is.header);
    was.kind == is.kind && was.source == is.source && was.target == is.target && was.type_name == is.type_name
}

/// Pairs what two runs of a turn have in common, in its order; among several of one kind, those with the same id first.
fn paired<'a>(before: &[&'a StoredMessage], after: &[&'a StoredMessage]) -> Vec<Pair<'a>> {
    let mut partners: Vec<Option<usize>> = vec![None; before.len()];
    let mut free = vec![true; after.len()];
    for same_id in [true, false] {
        for (at, was) in before.iter().enumerate() {
            if partners[at].is_some() {
                continue;
            }
            let fits = |index: &usize| {
                free[*index] && alike(was, after[*index]) && (!same_id || was.header.id == after[*index].header.id)
            };
            if let Some(index) = (0..after.len()).find(fits) {
                partners[at] = Some(index);
                free[index] = false;
            }
        }
    }
    let mut pairs = Vec::with_capacity(before.len() + after.len());
    for (was, partner) in before.iter().zip(&partners) {
        pairs.push(match partner {
            Some(index) => Pair::Both(was, after[*index]),
            None => Pair::Before(was),
        });
    }
    pairs.extend(after.iter().zip(&free).filter(|(_, free)| **free).map(|(is, _)| Pair::After(is)));
    pairs
}
