//! What the README and the pages show is what there is.

use std::path::Path;

use iop::production::{GraphDocument, Production};
use iop_examples::earthquakes::Earthquakes;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first block of the README in a language.
fn block(language: &str) -> String {
    block_of("README.md", language)
}

/// The first block of a page in a language.
fn block_of(page: &str, language: &str) -> String {
    let page = read(page);
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("the page has such a block");
    rest.split_once("```\n").expect("the block ends").0.to_owned()
}

#[test]
fn the_production_whose_tests_are_explained_is_the_one_that_is_tested() {
    assert_eq!(block_of("docs/how-to/test-a-production.md", "rust"), read("examples/laboratory.rs"));
}

#[test]
fn the_production_that_one_starts_with_is_the_one_that_is_tested() {
    assert_eq!(block_of("docs/how-to/start-a-production.md", "rust"), read("examples/orders.rs"));
}

#[test]
fn dependencies_are_shown_by_the_names_that_they_have() {
    let pages =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/how-to")).expect("the folder is there");
    let mut shown = 0;
    for page in pages.map(|page| page.expect("a file").path()) {
        let text = std::fs::read_to_string(&page).expect("readable");
        for line in text.lines().filter(|line| line.starts_with("iop = ")) {
            shown += 1;
            let wanted = r#"iop = { package = "iop-runtime", path = "../iop/iop-runtime""#;
            assert!(line.starts_with(wanted), "{}: {line}", page.display());
        }
    }
    assert!(shown >= 4, "{shown}");
}

#[test]
fn the_hello_world_is_the_one_that_runs_and_has_at_most_forty_lines() {
    let file = read("examples/hello_world.rs");
    assert_eq!(block("rust"), file);
    assert!(file.lines().count() <= 40, "{} lines", file.lines().count());
}

#[test]
fn the_picture_is_the_graph_of_the_production() {
    let picture = iop::picture::svg(&GraphDocument::of(Earthquakes::GRAPH, &Earthquakes::wiring()));
    assert!(read("README.md").contains("](docs/img/earthquakes.svg)"));
    assert_eq!(
        read("docs/img/earthquakes.svg").trim_end(),
        picture.trim_end(),
        "draw it again: cargo run -- graph -o svg > docs/img/earthquakes.svg"
    );
}

#[test]
fn the_wrong_wire_stands_where_the_compiler_points() {
    let error = block("text");
    let shown = error.lines().find_map(|line| line.strip_prefix("35 | ")).expect("it shows line 35");
    let file = read("examples/hello_world.rs");
    let right = file.lines().nth(34).expect("the file has 35 lines");
    assert_eq!(shown.replace("greter", "greeter"), right);
    let column = shown.find("greter").expect("the mistake is in it") + 1;
    assert!(error.contains(&format!("examples/hello_world.rs:35:{column}\n")), "{error}");
}
