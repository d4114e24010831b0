//! Which module of the runtime may import which: message ← component ← production ← engine.

use crate::source::Source;

/// Every top-level module of `iop-runtime/src`, and what of the crate it may name. What is not listed here is refused,
/// so that a new module has to find its place. A file may stand elsewhere than its folder.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("settings", &[]),
    // Puts the layers of settings over a whole production, and so stands above the graph; the rest of its folder does
    // not.
    ("settings/proofs", &["production"]),
    ("settings/resolve", &["component", "production"]),
    ("settings/reload", &["component", "production"]),
    ("message", &["clock"]),
    // Components and adapters describe each other: a service names its adapter, an adapter has settings and fails like
    // a handler. Neither knows where it is placed.
    ("adapter", &["clock", "component", "hl7", "message", "settings"]),
    ("component", &["adapter", "clock", "message", "settings"]),
    ("production", &["component", "message", "settings"]),
    // Of the graph it takes only how names are compared while compiling.
    ("hl7", &["clock", "production"]),
    // Draws the graph; knows nothing of a running production.
    ("picture", &["production"]),
    // The language of searches: what is looked for, not how it is found.
    ("search", &["clock", "message", "settings"]),
    // A store keeps messages, and knows neither who handles them nor why.
    ("store", &["clock", "message", "search", "sync"]),
    // What threads share.
    ("sync", &[]),
    // Lookup tables are kept in the store and seen through settings.
    ("lookup", &["clock", "message", "settings", "store"]),
    // What is said goes to the store of the production that said it.
    ("events", &["clock", "message", "settings", "store"]),
    // Traces of other programs, and what is counted of ours.
    ("traces", &["message"]),
    // Reads what is finished in the store, beside the engine, and sends it elsewhere.
    ("otel", &["clock", "message", "settings", "store", "traces"]),
    (
        "engine",
        &["adapter", "clock", "component", "events", "lookup", "message", "production", "settings", "store", "sync"],
    ),
    // What stands before the engine: other code, the terminal, the browser, tests.
    (
        "director",
        &[
            "adapter",
            "clock",
            "component",
            "engine",
            "events",
            "lookup",
            "message",
            "picture",
            "production",
            "search",
            "settings",
            "store",
            "traces",
        ],
    ),
    // Runs a production on what a store has recorded.
    ("replay", &["clock", "component", "engine", "message", "production", "settings", "store"]),
    (
        "console",
        &[
            "adapter",
            "clock",
            "component",
            "director",
            "engine",
            "events",
            "lookup",
            "message",
            "picture",
            "production",
            "search",
            "settings",
            "store",
        ],
    ),
    (
        "cli",
        &[
            "adapter",
            "clock",
            "component",
            "console",
            "director",
            "engine",
            "events",
            "lookup",
            "message",
            "otel",
            "picture",
            "production",
            "replay",
            "search",
            "settings",
            "store",
            "traces",
        ],
    ),
    (
        "testing",
        &[
            "adapter",
            "clock",
            "component",
            "director",
            "engine",
            "events",
            "lookup",
            "message",
            "production",
            "replay",
            "search",
            "settings",
            "store",
        ],
    ),
];

/// The two files that put the modules together.
const OVER_ALL: [&str; 2] = ["lib", "__private"];

pub(crate) fn findings(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        let Ok(below) = source.path.strip_prefix("iop-runtime/src") else { continue };
        let below = below.with_extension("");
        let modules: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
        let Some(module) = modules.first().copied().filter(|module| !OVER_ALL.contains(module)) else { continue };
        let file = modules.join("/");
        let place = |wanted: &str| MAY_IMPORT.iter().find(|(name, _)| *name == wanted);
        let Some((_, allowed)) = place(&file).or_else(|| place(module)) else {
            findings
                .push(source.at(1, format!("module `{module}` has no place in tests/tidy/imports.rs: give it one")));
            continue;
        };
        let depth = modules.len() - usize::from(modules.last() == Some(&"mod"));
        for (number, name) in names_of_the_crate(source, depth) {
            let top_level = MAY_IMPORT.iter().any(|(other, _)| *other == name);
            if top_level && name != module && !allowed.contains(&name.as_str()) {
                findings.push(source.at(
                    number,
                    format!("`{module}` may not import `{name}`, which is above it: turn the dependency round"),
                ));
            }
        }
    }
    findings
}

/// Every name that follows `crate::`, or `super::` where that is the crate, with its line. Comments and tests are left
/// out.
fn names_of_the_crate(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let to_crate = "super::".repeat(depth);
    let mut names = Vec::new();
    let code: Vec<(usize, &str)> =
        source.production_lines().filter(|(_, line)| !line.trim_start().starts_with("//")).collect();
    for (index, (number, line)) in code.iter().enumerate() {
        for prefix in ["crate::", to_crate.as_str()] {
            for (at, _) in line.match_indices(prefix) {
                // A longer path: `other_crate::`, or one `super::` more than reaches the crate.
                if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let rest = &line[at + prefix.len()..];
                if rest.starts_with('{') {
                    names.extend(group(&code[index..], at + prefix.len()));
                } else {
                    names.push((*number, identifier(rest)));
                }
            }
        }
    }
    names
}

/// The first name of each path in the braces that open at column `at` of the first line.
fn group(code: &[(usize, &str)], at: usize) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = false;
    for (index, (number, line)) in code.iter().enumerate() {
        let start = if index == 0 { at } else { 0 };
        for (column, character) in line.char_indices().skip_while(|(column, _)| *column < start) {
            match character {
                '{' => (depth, expects_name) = (depth + 1, depth == 0),
                '}' => depth -= 1,
                ',' if depth == 1 => expects_name = true,
                _ if expects_name && depth == 1 && !character.is_whitespace() => {
                    names.push((*number, identifier(&line[column..])));
                    expects_name = false;
                }
                _ => {}
            }
            if depth == 0 {
                return names;
            }
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::findings;
    use crate::source::Source;

    fn found_in(path: &str, text: &str) -> Vec<String> {
        findings(&[Source { path: path.into(), text: text.to_owned() }])
    }

    #[test]
    fn an_import_from_above_is_found_however_it_is_written() {
        let text = "use crate::engine::Engine;\nuse crate::{\n    clock::Clock,\n    engine::{Engine, Worker},\n};\n\
                    fn f() -> super::engine::Turn {}\n";
        let lines: Vec<_> = found_in("iop-runtime/src/store/mod.rs", text);
        let expected = [1, 4, 6].map(|line| {
            format!(
                "iop-runtime/src/store/mod.rs:{line}: `store` may not import `engine`, which is above it: turn the \
                 dependency round"
            )
        });
        assert_eq!(lines, expected);
    }

    #[test]
    fn comments_tests_and_own_names_are_no_imports_from_above() {
        let text = "//! See [`crate::engine`].\nuse super::engine::Row;\nuse my_crate::engine;\n#[cfg(test)]\nmod tests {\n    use crate::engine::X;\n}\n";
        assert_eq!(found_in("iop-runtime/src/store/sqlite.rs", text), Vec::<String>::new());
    }

    #[test]
    fn a_new_module_has_to_find_its_place() {
        let lines = found_in("iop-runtime/src/metrics/mod.rs", "//! Counts.\n");
        assert_eq!(
            lines,
            ["iop-runtime/src/metrics/mod.rs:1: module `metrics` has no place in tests/tidy/imports.rs: give it one"]
        );
    }
}
