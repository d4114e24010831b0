//! What of a newer shape could not read what an older one has stored.

use std::collections::BTreeSet;
use std::fmt;

use super::shape::{Field, Shape};

/// A change that stored messages do not survive: the error E14.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockBreak {
    /// The name of the message type.
    pub message: String,
    /// The field, as people write it: `lines[].price`. `None` where it is the type itself.
    pub field: Option<String>,
    /// What changed.
    pub change: String,
    /// What to write instead.
    pub help: String,
}

impl fmt::Display for LockBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message `{}`", self.message)?;
        if let Some(field) = &self.field {
            write!(f, ", field `{field}`")?;
        }
        write!(f, ": {}\n  help: {} [iop E14]", self.change, self.help)
    }
}

/// A field, what changed, what to write.
type Finding = (Option<String>, String, String);

/// `version` is the one that a change would be.
pub(super) fn compare(old: &Shape, new: &Shape, version: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut gone: Vec<&str> = Vec::new();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut renamed: Vec<(String, String)> = Vec::new();
    for (path, field) in old {
        if gone.iter().any(|gone| is_below(path, gone)) {
            continue;
        }
        let here = follow(path, &renamed);
        match new.get(&here) {
            Some(now) => {
                changed(path, field, now, new, &here, version, &mut findings);
                reached.insert(here);
            }
            None => match alias_of(&here, new) {
                Some(other) => {
                    reached.insert(other.clone());
                    if let Some(now) = new.get(&other) {
                        changed(path, field, now, new, &other, version, &mut findings);
                    }
                    renamed.push((path.clone(), other));
                }
                None => {
                    gone.push(path);
                    findings.extend(removed(path, version));
                }
            },
        }
    }
    for (path, field) in new.iter().filter(|(path, field)| !field.optional && !reached.contains(*path)) {
        let Some((parent, name)) = path.rsplit_once('/').or(Some(("", path))) else { continue };
        // A value of a new field, or of a new form, is in no stored message.
        let stored = if parent.is_empty() { !old.is_empty() } else { reached.contains(parent) };
        if stored && !name.starts_with(['[', '{', '<', '"']) && !field.kinds.is_empty() {
            findings.push((
                Some(shown(path)),
                "is new, and stored messages do not have it".to_owned(),
                format!(
                    "make it an `Option`, or give it `#[serde(default)]`, or `#[serde(alias = \"…\")]` if it had another \
                     name, or write `#[message(version = {version}, upgrade = …)]`"
                ),
            ));
        }
    }
    findings
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Where a path of the older shape leads after what stands above it was renamed.
fn follow(path: &str, renamed: &[(String, String)]) -> String {
    for (from, to) in renamed.iter().rev() {
        if let Some(rest) = path.strip_prefix(from.as_str()).filter(|rest| rest.starts_with('/')) {
            return format!("{to}{rest}");
        }
    }
    path.to_owned()
}

/// The field beside this place that is also read under its name.
fn alias_of(path: &str, new: &Shape) -> Option<String> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name);
    let name = name.replace("~1", "/").replace("~0", "~");
    let beside = |other: &str| other.rsplit_once('/').map_or("", |(parent, _)| parent) == parent;
    new.iter().find(|(other, field)| beside(other) && field.aliases.contains(&name)).map(|(other, _)| other.clone())
}

fn removed(path: &str, version: u32) -> Option<Finding> {
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    // A form of a value: its field says so.
    if name.starts_with(['[', '{', '<', '"']) {
        return None;
    }
    Some((
        Some(shown(path)),
        "is gone, and stored messages have it".to_owned(),
        format!(
            "if it was renamed, write `#[serde(alias = \"{}\")]` on the new field; keep it with `#[serde(default)]`; or write \
             `#[message(version = {version}, upgrade = …)]`, which says what becomes of it",
            name.replace("~1", "/").replace("~0", "~")
        ),
    ))
}

fn changed(path: &str, old: &Field, now: &Field, new: &Shape, here: &str, version: u32, findings: &mut Vec<Finding>) {
    let missing: Vec<&String> = old
        .kinds
        .iter()
        .filter(|kind| !now.kinds.iter().any(|other| reads(other, kind)) && !is_aliased(kind, here, new))
        .collect();
    let variants: Vec<&str> = missing.iter().filter_map(|kind| variant(kind)).collect();
    let field = (!path.is_empty()).then(|| shown(path));
    if !variants.is_empty() {
        let names = variants.join("`, `");
        findings.push((
            field.clone(),
            format!("has lost the variant `{names}`, which stored messages may be"),
            format!(
                "if it was renamed, write `#[serde(alias = \"{}\")]` on the new one; or keep it; or write \
                 `#[message(version = {version}, upgrade = …)]`, which says what becomes of it",
                variants[0]
            ),
        ));
    } else if !missing.is_empty() {
        findings.push((
            field.clone(),
            format!("was `{}` and is `{}`", joined(&old.kinds), joined(&now.kinds)),
            format!(
                "write `#[message(version = {version}, upgrade = …)]` with a function that makes one of the other, or give \
                 the new field another name and `#[serde(default)]`"
            ),
        ));
    }
    let is_form = path.rsplit('/').next().is_some_and(|name| name.starts_with(['[', '{', '<', '"']));
    if old.optional && !now.optional && !is_form {
        findings.push((
            field,
            "may be missing in stored messages, and is required now".to_owned(),
            format!(
                "give it `#[serde(default)]`, or make it an `Option`, or write `#[message(version = {version}, upgrade = …)]`"
            ),
        ));
    }
}

fn joined(kinds: &BTreeSet<String>) -> String {
    kinds.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
}

fn variant(kind: &str) -> Option<&str> {
    let tagged = kind.strip_prefix('<').and_then(|kind| kind.strip_suffix('>'));
    tagged.or_else(|| kind.strip_prefix('"').and_then(|kind| kind.strip_suffix('"')))
}

/// A variant that is still read, under another name.
fn is_aliased(kind: &str, path: &str, new: &Shape) -> bool {
    let Some(name) = variant(kind) else { return false };
    let below = |other: &str| {
        let parent = other.rsplit_once('/').map_or("", |(parent, _)| parent);
        parent == path
    };
    new.iter().any(|(other, field)| below(other) && field.aliases.contains(name))
}

/// Whether what was stored as `old` is read as `new`.
fn reads(new: &str, old: &str) -> bool {
    if new == old {
        return true;
    }
    let (Some((new, new_format)), Some((old, old_format))) = (kind_and_format(new), kind_and_format(old)) else {
        return false;
    };
    match (old, new) {
        ("integer", "integer") => match (range(old_format), range(new_format)) {
            (Some((least, most)), Some((from, to))) => from <= least && most <= to,
            (_, None) => true,
            _ => false,
        },
        ("integer" | "number", "number") => true,
        // A text of a format is a text.
        ("string", "string") => new_format.is_empty(),
        _ => false,
    }
}

fn kind_and_format(kind: &str) -> Option<(&str, &str)> {
    if variant(kind).is_some() {
        return None;
    }
    Some(kind.split_once(' ').unwrap_or((kind, "")))
}

/// Least and most value of the integers of schemars, as powers of two.
fn range(format: &str) -> Option<(i32, i32)> {
    let (signed, bits) = match format.strip_prefix("uint") {
        Some("") => (false, 64),
        Some(bits) => (false, bits.parse().ok()?),
        None => match format.strip_prefix("int")? {
            "" => (true, 64),
            bits => (true, bits.parse::<i32>().ok()?),
        },
    };
    Some(if signed { (1 - bits, bits - 1) } else { (0, bits) })
}

/// A path as people write it.
fn shown(path: &str) -> String {
    let mut text = String::new();
    for segment in path.split('/') {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        if !text.is_empty() && !segment.starts_with('[') {
            text.push('.');
        }
        text.push_str(&segment);
    }
    text
}
