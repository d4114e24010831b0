//! What a build costs: measures it with cargo, and writes `docs/reference/build-cost.md`.
//!
//! `cargo run -p iop-tests --bin build_cost` takes some minutes and needs every dependency downloaded. It builds in a
//! folder of its own, so that it starts cold and leaves nothing behind.

mod generated;
mod measure;
mod page;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use measure::{Cost, Workshop};

/// Items of the generated productions.
const SIZES: [usize; 3] = [30, 100, 300];

/// How often a cheap measurement is repeated; the least counts, since only other programs make it more.
const RUNS: usize = 3;

/// Everything that is measured.
struct Figures {
    /// Crates that the hello world needs, from outside and ours.
    crates: usize,
    cold_build: Cost,
    cold_check: Cost,
    /// `cargo check` of the hello world after one changed handler.
    hello_changed: Cost,
    generated: Vec<Generated>,
}

/// A generated production.
struct Generated {
    items: usize,
    routes: usize,
    lines: usize,
    /// The whole crate, nothing of it known from before.
    whole: Cost,
    /// After one changed handler.
    changed: Cost,
}

fn main() -> ExitCode {
    match measured() {
        Ok(page) => {
            say(&page);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(&problem);
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    // Where stderr is gone there is nobody to tell; the page is written all the same.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn measured() -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the repository has no folder")?;
    let workshop = Workshop::open(root)?;
    let hello = std::fs::read_to_string(root.join("examples/hello_world.rs")).map_err(|error| error.to_string())?;
    let hello = workshop.package("hello", &hello)?;
    let crates = workshop.crates(&hello)?;
    say(&format!("cold build of the hello world, {crates} crates …"));
    let cold_build = workshop.cargo(&hello, "build")?;
    say("cold check of it …");
    let cold_check = workshop.cargo(&hello, "check")?;
    let hello_changed = workshop.changed(&hello, "hello {}", RUNS)?;
    let mut generated = Vec::new();
    for items in SIZES {
        say(&format!("a production of {items} items …"));
        let source = generated::production(items);
        let package = workshop.package(&format!("items{items}"), &source)?;
        let whole = workshop.whole(&package, RUNS)?;
        let changed = workshop.changed(&package, "changed 1", RUNS)?;
        let (routes, lines) = (generated::routes(items), source.lines().count());
        generated.push(Generated { items, routes, lines, whole, changed });
    }
    let page = page::of(&Figures { crates, cold_build, cold_check, hello_changed, generated });
    std::fs::write(root.join("docs/reference/build-cost.md"), &page).map_err(|error| error.to_string())?;
    Ok(page)
}
