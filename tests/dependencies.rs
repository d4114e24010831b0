//! What comes with a dependency on `iop`: how many crates, from where, under which licences.
//!
//! `cargo deny` checks more; this needs no tool but cargo, and reads the same `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Crates from outside that the hello world may need: about 110. The console took five (askama), asking for the room on a disk
/// two (rustix), completions of the shell one. Everything above belongs behind a feature.
const AT_MOST: usize = 112;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the repository")
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect("the program starts");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("its output is text")
}

fn cargo(arguments: &[&str]) -> String {
    run(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments)
}

/// The versions of each crate from outside that what is chosen needs to be built, on this platform.
fn needed_by(chosen: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = [&["tree", "--offline", "--locked", "--prefix", "none", "--edges"], chosen].concat();
    let mut versions = BTreeMap::<_, BTreeSet<_>>::new();
    // A line is `name vVERSION`, with the folder in parentheses for what is our own.
    for line in cargo(&tree).lines().filter(|line| !line.contains('/')) {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        versions.entry(name.to_owned()).or_default().insert(version.trim_start_matches('v').to_owned());
    }
    versions
}

/// The same of the whole workspace, tests included. The lock file has more: what features would need that nobody asks for.
fn needed() -> BTreeMap<String, BTreeSet<String>> {
    needed_by(&["normal,build,dev", "--workspace"])
}

/// Every package from outside that the workspace needs on this platform, tests included.
fn packages() -> Vec<Value> {
    let needed = needed();
    let about_rustc = run(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["-vV"]);
    let host = about_rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc knows its host");
    let metadata = cargo(&["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("it lists packages");
    let is_needed = |package: &&Value| {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        needed.get(text("name")).is_some_and(|versions| versions.contains(text("version")))
    };
    let outside = packages.iter().filter(|package| !package["source"].is_null());
    outside.filter(is_needed).cloned().collect()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml").parse().expect("deny.toml is TOML")
}

/// The strings of a list in `deny.toml`.
fn list(table: &str, key: &str) -> Vec<String> {
    let list = deny()[table][key].as_array().expect("a list").clone();
    list.into_iter().filter_map(|entry| entry.get("crate").unwrap_or(&entry).as_str().map(str::to_owned)).collect()
}

#[test]
fn the_hello_world_needs_at_most_about_110_crates() {
    let crates = needed_by(&["normal,build", "--package", "iop-runtime"]);
    assert!(crates.contains_key("tokio"), "the tree was not read: {crates:?}");
    assert!(
        crates.len() <= AT_MOST,
        "{} crates, at most {AT_MOST}: put what brings them behind a feature (`cargo tree -p iop-runtime -e normal,build`)",
        crates.len()
    );
}

#[test]
fn the_runtime_names_at_most_25_crates_of_others() {
    let manifest = std::fs::read_to_string(root().join("iop-runtime/Cargo.toml")).expect("the manifest of the runtime");
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let tables =
        manifest["target"].as_table().into_iter().flatten().filter_map(|(_, target)| target.get("dependencies"));
    let tables = tables.chain([&manifest["dependencies"]]);
    let is_needed =
        |dependency: &toml::Value| dependency.get("optional").is_none_or(|optional| optional.as_bool() != Some(true));
    let mut names = BTreeSet::new();
    for table in tables {
        let table = table.as_table().expect("dependencies are a table");
        names.extend(table.iter().filter(|(_, dependency)| is_needed(dependency)).map(|(name, _)| name.clone()));
    }
    names.remove("iop-macros");
    assert!(names.contains("rusqlite") && names.len() <= 25, "{} crates: {names:?}", names.len());
}

#[test]
fn no_crate_comes_in_two_versions() {
    let mut versions = needed();
    assert!(versions.contains_key("tokio"), "the packages were not read");
    versions.retain(|_, versions| versions.len() > 1);
    assert!(versions.is_empty(), "find who needs the older one with `cargo tree -d`: {versions:?}");
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = list("licenses", "allow");
    let mut refused = Vec::new();
    for package in packages() {
        let expression = package["license"].as_str().unwrap_or("none given");
        if !permits(expression, &allowed) {
            refused.push(format!("{} ({expression})", package["name"]));
        }
    }
    assert!(refused.is_empty(), "not under a licence that deny.toml allows: {}", refused.join(", "));
}

/// Whether a licence expression (SPDX, or the older `A/B`) can be met with what is allowed.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    // Parentheses hold alternatives in every expression that there is: `(A OR B) AND C`.
    let mut alternatives = vec![String::new()];
    let mut depth = 0;
    for word in expression.replace('(', "( ").replace(')', " )").split(' ').filter(|word| !word.is_empty()) {
        match word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "OR" if depth == 0 => alternatives.push(String::new()),
            _ => {
                let alternative = alternatives.last_mut().expect("one at least");
                alternative.push_str(if alternative.is_empty() { "" } else { " " });
                alternative.push_str(word);
            }
        }
    }
    alternatives.iter().any(|all| {
        all.split(" AND ").all(|any| any.split(" OR ").any(|one| allowed.iter().any(|allowed| allowed == one)))
    })
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
    for good in ["MIT", "MIT OR Apache-2.0", "MIT/Apache-2.0", "(MIT OR Apache-2.0) AND Unicode-3.0", "GPL-3.0 OR MIT"]
    {
        assert!(permits(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR Apache-2.0) AND MIT", "none given"] {
        assert!(!permits(bad, &allowed), "{bad}");
    }
}

#[test]
fn nothing_banned_and_nothing_from_elsewhere_is_among_the_dependencies() {
    let banned = list("bans", "deny");
    let registries = list("sources", "allow-registry");
    let mut refused = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap_or_default();
        let source = package["source"].as_str().unwrap_or_default();
        if banned.iter().any(|banned| banned == name) {
            refused.push(format!("{name} is banned"));
        }
        if !registries.iter().any(|registry| source.strip_prefix("registry+") == Some(registry)) {
            refused.push(format!("{name} comes from {source}"));
        }
    }
    assert!(refused.is_empty(), "see deny.toml: {}", refused.join(", "));
}

#[test]
fn every_dependency_names_its_versions() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let dependencies = manifest["workspace"]["dependencies"].as_table().expect("a table");
    let open: Vec<_> = dependencies
        .iter()
        .filter(|(_, value)| {
            let version = value.get("version").unwrap_or(value).as_str().unwrap_or("*");
            version.contains('*') || version.starts_with('>')
        })
        .map(|(name, _)| name)
        .collect();
    assert!(open.is_empty(), "write a version such as \"1.2\" for: {open:?}");
}
