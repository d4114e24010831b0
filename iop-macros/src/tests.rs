//! What the macros expand to: each `tests/expand/NAME.rs` is what a user writes, `NAME.expanded.rs` what comes of it.
//!
//! After a change of an expansion, run the tests once with `IOP_MACROS_BLESS=1`, which writes the latter anew (through
//! `rustfmt`), and read the diff before you commit it.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

use crate::component::Kind;
use crate::{attributes, component, handlers, message, production};

#[test]
fn a_message_is_a_type_that_is_registered_and_names_its_keys() {
    expands_as_before("message");
}

#[test]
fn a_message_asks_of_its_parts_whether_they_can_be_stored() {
    expands_as_before("message_with_parts");
}

#[test]
fn a_component_is_its_fields_its_type_and_how_it_is_built() {
    expands_as_before("component");
}

#[test]
fn handlers_are_a_table_and_an_impl_for_each_that_only_calls_the_function() {
    expands_as_before("handlers");
}

#[test]
fn a_production_is_a_constant_graph_and_the_code_that_wires_it() {
    expands_as_before("production");
}

#[test]
fn a_half_written_production_is_what_can_be_read_of_it_and_its_errors() {
    expands_as_before("half_written");
}

#[track_caller]
fn expands_as_before(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let golden = folder.join(format!("{name}.expanded.rs"));
    let written = syn::parse_file(&read(&folder.join(format!("{name}.rs")))).expect("what a user writes is Rust");
    let expanded: TokenStream = written.items.into_iter().map(expand).collect();
    if env::var_os("IOP_MACROS_BLESS").is_some() {
        fs::write(&golden, formatted(name, &expanded)).expect("the file can be written");
    }
    let now = tokens(expanded);
    let before = tokens(read(&golden).parse().expect("the golden file is Rust"));
    let same = now.iter().zip(&before).take_while(|(now, before)| now == before).count();
    let around = |tokens: &[String]| tokens.iter().skip(same.saturating_sub(12)).take(24).cloned().collect::<Vec<_>>();
    assert!(
        now == before,
        "{} is not what comes out now; if it should, write it anew with IOP_MACROS_BLESS=1 and read the diff\n   now: {}\nbefore: {}",
        golden.display(),
        around(&now).join(" "),
        around(&before).join(" ")
    );
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs the macro that the item is written for.
fn expand(mut item: Item) -> TokenStream {
    let attributes = match &mut item {
        Item::Macro(item) => return production::compile(item.mac.tokens.clone()),
        Item::Struct(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        other => panic!("no macro stands on {}", other.to_token_stream()),
    };
    let ours = attributes.iter().position(|attribute| !attribute.path().is_ident("doc")).expect("an attribute of ours");
    let attribute = attributes.remove(ours);
    let (arguments, item) = (arguments(&attribute), item.to_token_stream());
    match attributes::path_name(&attribute).as_str() {
        "message" => message::compile(arguments, item),
        "business_service" => component::compile(Kind::Service, arguments, item),
        "business_process" => component::compile(Kind::Process, arguments, item),
        "business_operation" => component::compile(Kind::Operation, arguments, item),
        "handlers" => handlers::compile(arguments, &item),
        other => panic!("no macro is called {other}"),
    }
}

fn arguments(attribute: &Attribute) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => quote!(),
    }
}

/// The tokens without what is a matter of form: spaces, the comma before a closing bracket, the head of the file. So
/// another version of `rustfmt` breaks no test.
fn tokens(stream: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    flatten(stream, &mut found);
    let head = ["#", "!", "["];
    while found.starts_with(&head.map(str::to_owned)) {
        let end = found.iter().position(|token| token == "]").map_or(found.len(), |end| end + 1);
        found.drain(..end);
    }
    found
}

fn flatten(stream: TokenStream, found: &mut Vec<String>) {
    for token in stream {
        let TokenTree::Group(group) = token else {
            if matches!(&token, TokenTree::Punct(angle) if angle.as_char() == '>') {
                found.pop_if(|token| token == ",");
            }
            found.push(token.to_string());
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            // Whether the body of a closure has braces is for rustfmt to say.
            Delimiter::Brace if found.last().is_some_and(|token| token == "|") => ("", ""),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        found.extend((!open.is_empty()).then(|| open.to_owned()));
        flatten(group.stream(), found);
        found.pop_if(|token| token == ",");
        found.extend((!close.is_empty()).then(|| close.to_owned()));
    }
}

fn formatted(name: &str, expanded: &TokenStream) -> String {
    let text = format!("//! What comes of `{name}.rs`. Written by the tests in `src/tests.rs`.\n\n{expanded}");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../rustfmt.toml")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt is installed");
    rustfmt.stdin.take().expect("it reads").write_all(text.as_bytes()).expect("it reads all");
    let output = rustfmt.wait_with_output().expect("it ends");
    assert!(output.status.success(), "rustfmt refuses {text}");
    let text = String::from_utf8(output.stdout).expect("it writes text");
    text.lines().map(|line| path_by_path(line) + "\n").collect()
}

/// `rustfmt` leaves paths in attributes as they are: `:: core :: fmt`.
fn path_by_path(line: &str) -> String {
    if !line.contains(":: ") {
        return line.to_owned();
    }
    let (indentation, text) = line.split_at(line.len() - line.trim_start().len());
    indentation.to_owned() + &text.replace(" :: ", "::").replace(":: ", "::").replace(",::", ", ::")
}
