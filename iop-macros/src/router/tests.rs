//! What `router!` says of mistakes, without a run of the compiler.

use proc_macro2::TokenStream;
use quote::quote;

use super::compile;

fn errors(tokens: TokenStream) -> Vec<String> {
    let output = compile(tokens).to_string();
    let errors = output.split("compile_error ! { \"").skip(1);
    errors.filter_map(|rest| Some(rest.split_once("\\n").or(rest.split_once('"'))?.0.to_owned())).collect()
}

#[test]
fn a_correct_router_has_no_error_and_its_targets_know_when() {
    let output = compile(quote! {
        /// Sorts.
        pub ByClass(event: &Event) {
            match event.class {
                Class::Quake | Class::Blast if event.strong => [files, alerts],
                Class::Quake => files,
                Class::Noise => discard,
                otherwise => suspend,
            }
        }
    })
    .to_string();
    assert!(!output.contains("compile_error"), "{output}");
    assert!(output.contains("\"Class::Quake | Class::Blast if event.strong or Class::Quake\""), "{output}");
    assert!(output.contains("_ => :: iop :: __private :: Arm :: Suspend (\"otherwise\")"), "{output}");
}

#[test]
fn what_is_no_target_is_refused_where_it_stands_and_the_others_are_looked_at() {
    let found = errors(quote! {
        ByClass(event: &Event) {
            match event.class {
                Class::Quake => [],
                Class::Blast => self.files,
                Class::Noise => files,
            }
        }
    });
    assert_eq!(found, ["an arm leads nowhere", "this is no target"]);
}

#[test]
fn a_router_that_gives_a_response_asks_one_item() {
    let found = errors(quote! {
        Ask(question: &Question) -> Answer {
            match question.topic { 1 => [a, b], 2 => discard, _ => suspend }
        }
    });
    assert_eq!(
        found,
        ["one response is wanted, and several items would answer", "a response is wanted, and nobody would give it",]
    );
}

#[test]
fn a_half_written_router_is_a_component_all_the_same() {
    let output = compile(quote! { pub ByClass(event: &Event) { match event. } }).to_string();
    assert!(output.contains("struct ByClass") && output.contains("compile_error"), "{output}");
}
