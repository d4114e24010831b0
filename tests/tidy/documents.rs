//! Rules for the documents beside the code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::{Source, files_below, read, root};

const PAGES: &str = "docs/errors.md";

/// Every code (`E01`, `W01`) that the sources name and that has no section in `docs/errors.md`.
pub(crate) fn codes_without_a_page(sources: &[Source]) -> Vec<String> {
    let mut first_use = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("tests")) {
        for (number, line) in source.lines() {
            for code in codes(line) {
                first_use.entry(code).or_insert_with(|| source.at(number, ""));
            }
        }
    }
    if first_use.is_empty() {
        return Vec::new();
    }
    let pages = std::fs::read_to_string(root().join(PAGES)).unwrap_or_default();
    let headings: Vec<String> = pages.lines().filter(|line| line.starts_with('#')).flat_map(codes).collect();
    first_use
        .into_iter()
        .filter(|(code, _)| !headings.contains(code))
        .map(|(code, place)| {
            format!("{place}`{code}` has no section in {PAGES}: write one, with the bad and the good code")
        })
        .collect()
}

/// The codes in a line: `E` or `W` and two digits, standing alone.
fn codes(line: &str) -> Vec<String> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.len() == 3 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// Links of Markdown files that lead to nothing.
pub(crate) fn dead_links() -> Vec<String> {
    let mut documents: Vec<PathBuf> = ["docs", "examples", "tests", "iop-macros", "iop-runtime"]
        .into_iter()
        .flat_map(files_below)
        .chain(std::fs::read_dir(root()).into_iter().flatten().flatten().map(|entry| PathBuf::from(entry.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.sort();
    let mut findings = Vec::new();
    for document in documents {
        let text = read(&document);
        let folder = document.parent().unwrap_or(Path::new(""));
        for (number, line) in (1..).zip(text.lines()) {
            for link in links(line) {
                let path = link.split('#').next().unwrap_or_default();
                let outside = link.contains("://") || link.starts_with("mailto:");
                if !outside && !path.is_empty() && !root().join(folder).join(path).exists() {
                    findings.push(format!("{}:{number}: `{link}` leads to nothing", document.display()));
                }
            }
        }
    }
    findings
}

/// The targets of `[text](target)` in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains(' '))
}
