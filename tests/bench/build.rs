//! Writes productions of many items, for the growth of what an item costs at start, and says which compiler it is.

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
    let rustc = std::env::var("RUSTC").expect("cargo says which compiler it is");
    let version = std::process::Command::new(rustc).arg("--version").output().expect("the compiler runs").stdout;
    let version = String::from_utf8(version).expect("a version is a text");
    let version: Vec<&str> = version.split_whitespace().take(2).collect();
    println!("cargo::rustc-env=BENCH_RUSTC={}", version.join(" "));
    println!("cargo::rerun-if-changed=build.rs");
}
