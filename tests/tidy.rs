//! Rules of the house that no lint knows. Each failure says file, line and what to do.
//!
//! The reasons are in `docs/style.md` and `docs/architecture.md`.

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, sources};

/// Prints all findings and fails if there are any.
#[track_caller]
fn report(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    let missing = |source: &Source| {
        (!source.text.starts_with("//! ")).then(|| {
            source.at(1, "say in a first line `//! …` what this file is for, and if useful what it is not for")
        })
    };
    report(&sources().iter().filter_map(missing).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let too_long = |source: &Source| {
        let limit = if source.path.starts_with("iop-macros") { 500 } else { 600 };
        let length = source.production_lines().count();
        (length > limit).then(|| {
            source.at(limit, format!("{length} lines without tests, at most {limit}: split it by pass or by noun"))
        })
    };
    report(&sources().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished() {
    // Written in halves, so that this file does not accuse itself.
    let marks = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut findings = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                findings.push(source.at(number, format!("`{mark}`: finish it, or write what is missing down outside")));
            }
        }
    }
    report(&findings);
}

#[test]
fn modules_are_named_by_nouns_of_the_domain() {
    let banned = ["common", "helper", "helpers", "misc", "util", "utils"];
    let mut findings = Vec::new();
    for source in sources() {
        let path = source.path.with_extension("");
        for part in path.iter().filter_map(|part| part.to_str()).filter(|part| banned.contains(part)) {
            findings.push(source.at(1, format!("a module named `{part}` says nothing: name it after what is in it")));
        }
        for (number, line) in source.lines() {
            let name = line.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ");
            let name = name.and_then(|rest| rest.split([' ', ';', '{']).next());
            if let Some(name) = name.filter(|name| banned.contains(name)) {
                findings.push(
                    source.at(number, format!("a module named `{name}` says nothing: name it after what is in it")),
                );
            }
        }
    }
    report(&findings);
}

#[test]
fn modules_of_the_runtime_import_only_what_is_below_them() {
    report(&imports::findings(&sources()));
}

#[test]
fn the_macro_crate_knows_nothing_of_the_runtime() {
    let manifest = source::read("iop-macros/Cargo.toml");
    let foreign = ["iop.workspace", "iop-runtime", "tokio", "serde", "rusqlite"];
    let findings: Vec<_> = (1..)
        .zip(manifest.lines())
        .skip_while(|(_, line)| line.trim() != "[dependencies]")
        .take_while(|(_, line)| line.trim() != "[dev-dependencies]")
        .filter(|(_, line)| foreign.iter().any(|name| line.starts_with(name)))
        .map(|(number, line)| {
            format!("iop-macros/Cargo.toml:{number}: `{line}`: the compiler needs syn, quote and proc-macro2 only")
        })
        .collect();
    report(&findings);
}

#[test]
fn every_case_that_must_not_compile_has_its_error_beside_it() {
    let mut findings = Vec::new();
    for case in source::files_below("tests/ui") {
        let in_fail = case.iter().any(|part| part.to_string_lossy().starts_with("fail"));
        let (other, remedy) = match case.extension().and_then(|extension| extension.to_str()) {
            Some("rs") if in_fail => ("stderr", "run it with TRYBUILD=overwrite, read what it wrote, and commit it"),
            Some("stderr") => ("rs", "its case is gone: delete it"),
            _ => continue,
        };
        if !source::root().join(case.with_extension(other)).exists() {
            findings.push(format!("{}: no .{other} beside it: {remedy}", case.display()));
        }
    }
    report(&findings);
}

#[test]
fn every_error_code_has_its_page() {
    report(&documents::codes_without_a_page(&sources()));
}

#[test]
fn links_of_documents_lead_to_files_that_exist() {
    report(&documents::dead_links());
}

#[test]
fn every_promise_names_tests_that_there_are() {
    report(&promises::without_a_test(&sources()));
}
