//! What must not compile does not, with these words; what must, does. See `ui/README.md`.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn mistakes_are_refused_where_they_stand() {
    // One case of trybuild that must compile would have it build, link and run: another copy of every dependency. Those
    // that must are examples of this package.
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
    cases.compile_fail("ui/*/fail-types/*.rs");
}

#[test]
fn every_program_that_must_compile_is_compiled_with_the_tests() {
    let manifest = read(&root().join("Cargo.toml"));
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let examples = manifest["example"].as_array().expect("examples");
    let compiled: BTreeSet<String> =
        examples.iter().filter_map(|example| Some(example.get("path")?.as_str()?.to_owned())).collect();
    let written: BTreeSet<String> = files("ui", "rs").into_iter().filter(|path| path.contains("/pass/")).collect();
    assert_eq!(compiled, written, "each tests/ui/*/pass/*.rs is an [[example]] in tests/Cargo.toml");
    for path in written {
        let strict = read(&root().join(&path)).starts_with("#![deny(warnings, missing_docs");
        assert!(strict, "{path} must begin with #![deny(warnings, missing_docs)]");
    }
}

/// The macros name the library as `::iop`. Who calls it otherwise in `Cargo.toml` says so at the root of the crate.
#[test]
fn the_macros_work_in_every_edition_and_where_the_library_has_another_name() {
    let case = read(&root().join("ui/production/pass/under-strict-lints.rs"));
    let renamed = case
        .replace("use iop::component", "extern crate interop as iop;\n\nuse interop::component")
        .replace("use iop::{business", "use interop::{business");
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("case.rs");
    fs::write(&source, renamed).expect("the case is written");
    for edition in ["2018", "2021", "2024"] {
        let compiled = Command::new(env!("CARGO").replace("cargo", "rustc"))
            .args(["--edition", edition, "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
            .arg(folder.path())
            .arg("--extern")
            .arg(format!("interop={}", library().display()))
            .arg("-L")
            .arg(format!("dependency={}", built().display()))
            .arg(&source)
            .output()
            .expect("rustc runs");
        let said = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success() && !said.contains("warning"), "edition {edition}: {said}");
    }
}

/// Where this test and what it is linked with was built.
fn built() -> PathBuf {
    let this = env::current_exe().expect("this test has a path");
    this.parent().expect("it lies in a folder").to_owned()
}

/// The library that was built last: with this test.
fn library() -> PathBuf {
    let entries = fs::read_dir(built()).expect("the folder can be read").filter_map(Result::ok);
    let libraries = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with("libiop-") && name.ends_with(".rlib")
    });
    let built = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified()).ok();
    libraries.max_by_key(built).expect("the library is built")
}

/// The document shortens what rustc prints; what it says are the facts, the helps and the notes. A block that shows no
/// place lists errors in short.
#[test]
fn the_errors_in_the_document_are_printed_by_a_case() {
    // The cases take their messages and components from a module, a reader of the document has them in scope.
    let printed: Vec<String> =
        files("ui", "stderr").iter().map(|path| read(&root().join(path)).replace("parts::", "")).collect();
    let document = read(&root().join("../docs/errors.md"));
    let shown: Vec<Vec<&str>> = text_blocks(&document).filter(|block| block.contains("-->")).map(said).collect();
    assert!(shown.len() > 10, "the document shows errors in ```text blocks: {shown:?}");
    let made_up: Vec<_> =
        shown.iter().filter(|said| !printed.iter().any(|case| said.iter().all(|line| case.contains(line)))).collect();
    assert!(made_up.is_empty(), "docs/errors.md shows what no case under tests/ui prints: {made_up:#?}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder of the package that have an extension, with their paths from the package.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.expect("the folder can be read");
        let path = format!("{folder}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            found.extend(files(&path, extension));
        } else if entry.path().extension().is_some_and(|one| one == extension) {
            found.push(path);
        }
    }
    found
}

fn text_blocks(document: &str) -> impl Iterator<Item = &str> {
    document.split("```text\n").skip(1).filter_map(|block| block.split_once("```").map(|(block, _)| block))
}

fn said(block: &str) -> Vec<&str> {
    let said = ["error", "help:", "= note:"];
    block.lines().map(str::trim).filter(|line| said.iter().any(|start| line.starts_with(start))).collect()
}
