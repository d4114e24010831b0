//! Layouts of five graphs, written down. `PICTURE=overwrite cargo test -p iop-tests --test picture` writes them anew; draw
//! the graphs and look at them before you commit that.

use std::fmt::Write;
use std::path::Path;

use iop::picture::layout::{Layout, Sketch};

use crate::graphs::{generated, hospital, production, sketch};

/// One line for each box and path.
fn text(sketch: &Sketch) -> String {
    let layout = Layout::of(sketch);
    let mut text = format!("{} x {}\n", layout.width, layout.height);
    for (index, (column, at)) in sketch.items.iter().zip(&layout.boxes).enumerate() {
        writeln!(text, "{index} {column:?}: {} {}, {} x {}", at.x, at.y, at.width, at.height).unwrap();
    }
    for (line, path) in sketch.lines.iter().zip(&layout.paths) {
        let points: Vec<String> = path.points.iter().map(|point| format!("{} {}", point.x, point.y)).collect();
        let back = if path.back { " (back)" } else { "" };
        writeln!(text, "{} -> {}{back}: {}", line.from, line.to, points.join(", ")).unwrap();
    }
    text
}

fn is_as_written_down(name: &str, sketch: &Sketch) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("picture/snapshots").join(name);
    let text = text(sketch);
    if std::env::var_os("PICTURE").is_some_and(|what| what == "overwrite") {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, written, "{name}; see tests/picture/snapshots.rs for how to write it anew");
}

#[test]
fn two_items_stand_side_by_side() {
    let hello = production("HelloWorld", "service clock: Clock\noperation greeter: Greeter\nclock out greeter: Hello");
    is_as_written_down("hello.txt", &sketch(&hello));
}

#[test]
fn a_chain_ends_in_a_fan() {
    let fan = production(
        "Earthquakes",
        "service feed: FeedFolder\nprocess splitter: Splitter\nprocess classifier: Classifier
         operation regions: RegionLookup\noperation tables: CsvWriter\noperation alerts: AlertFile
         feed out splitter: Feed\nsplitter events classifier: Quake\nclassifier lookup regions: RegionOf
         classifier rows tables: Row\nclassifier alerts alerts: Alert",
    );
    is_as_written_down("fan.txt", &sketch(&fan));
}

#[test]
fn a_hospital_keeps_its_picture() {
    is_as_written_down("hospital.txt", &sketch(&hospital()));
}

#[test]
fn lines_turn_within_a_rank_and_at_an_item() {
    let turns = production(
        "Turns",
        "service a: A\nprocess b: B\noperation c: C\noperation d: D\noperation e: E
         a x b: M\nb x b: M\nb x c: M\nc x d: M\nc x e: M\ne x b: M\nd x d: M",
    );
    is_as_written_down("turns.txt", &sketch(&turns));
}

#[test]
fn a_larger_graph_keeps_its_picture() {
    is_as_written_down("generated.txt", &generated(34, 1));
}
