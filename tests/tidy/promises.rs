//! The page of promises: each has a test, and each test that it names is there.

use std::collections::BTreeSet;

use crate::source::{Source, read, root};

const PAGE: &str = "docs/reference/promises.md";

/// Rows of the page that name no test, or one that is not there.
pub(crate) fn without_a_test(sources: &[Source]) -> Vec<String> {
    findings(&read(PAGE), &tests(sources), &|path| root().join(path).exists())
}

/// The names of the functions that are marked as tests.
fn tests(sources: &[Source]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        let mut marked = false;
        for line in source.text.lines().map(str::trim) {
            let attribute = line.strip_prefix("#[").and_then(|line| line.split(['(', ']']).next());
            match attribute {
                Some("test" | "tokio::test") => marked = true,
                Some(_) => {}
                None if line.starts_with("//") => {}
                None => {
                    let name =
                        line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
                    names.extend(name.filter(|_| marked).map(str::to_owned));
                    marked = false;
                }
            }
        }
    }
    names
}

fn findings(page: &str, tests: &BTreeSet<String>, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    let mut rows = 0;
    for (number, line) in (1..).zip(page.lines()) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, proved] = cells[..] else { continue };
        if !line.starts_with('|') || proved == "proved by" {
            continue;
        }
        rows += 1;
        let named: Vec<&str> = proved.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            findings.push(format!("{PAGE}:{number}: names no test: write one"));
        }
        for name in named {
            if !(if name.contains('/') { exists(name) } else { tests.contains(name) }) {
                findings.push(format!("{PAGE}:{number}: there is no test `{name}`: what proves this now?"));
            }
        }
    }
    if rows == 0 {
        findings.push(format!("{PAGE}: no row was found: its form has changed"));
    }
    findings
}

#[cfg(test)]
mod own {
    use super::{findings, tests};
    use crate::source::Source;

    #[test]
    fn a_row_without_a_test_or_with_one_that_is_not_there_is_found() {
        let text = "#[tokio::test(start_paused = true)]\nasync fn it_holds() {}\nfn helper() {}\n#[test]\n// Why.\nfn so_does_it() {}\n";
        let known = tests(&[Source { path: "a.rs".into(), text: text.to_owned() }]);
        let page = "| | promise | proved by |\n|---|---|---|\n| 1 | a | `it_holds`, `so_does_it` |\n| 2 | b | nothing |\n\
                    | 3 | c | `helper` |\n| 4 | d | `tests/ui/here.rs`, `tests/ui/gone.rs` |\n";
        let lines: Vec<u32> = findings(page, &known, &|path| path.ends_with("here.rs"))
            .iter()
            .map(|finding| finding.split(':').nth(1).and_then(|line| line.parse().ok()).expect("a line"))
            .collect();
        assert_eq!(lines, [4, 5, 6]);
    }
}
