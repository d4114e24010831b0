//! Writes productions of many items, for the growth of what an item costs at start.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let mut text = String::new();
    for count in [10, 100, 300] {
        let _ = writeln!(text, "production! {{ Items{count} {{");
        for item in 0..count {
            let _ = writeln!(text, "    #[item(standalone)] depot_{item}: Depot {{}},");
        }
        text.push_str("} }\n");
    }
    let out = std::env::var("OUT_DIR").expect("cargo says where to write");
    std::fs::write(Path::new(&out).join("items.rs"), text).expect("it can be written there");
    println!("cargo::rerun-if-changed=build.rs");
}
