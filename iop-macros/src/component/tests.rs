//! What the three attributes of components say of each mistake, word for word.

use proc_macro2::TokenStream;
use quote::quote;

use super::Kind;
use crate::errors::tests::errors_in;

fn errors_of(kind: Kind, arguments: TokenStream, item: TokenStream) -> Vec<String> {
    errors_in(super::compile(kind, arguments, item))
}

#[test]
fn a_correct_component_has_no_error() {
    let none: [&str; 0] = [];
    let clock = quote! {
        pub struct Clock {
            #[setting(default = "5s")] call_interval: Duration,
            #[target] out: Target<Hello>,
            #[target] audit: Option<iop::component::Target<(Hello, Bye)>>,
            #[target] copies: Targets<Hello>,
            seen: u64,
        }
    };
    assert_eq!(errors_of(Kind::Service, quote!(poll), clock), none);
    assert_eq!(
        errors_of(Kind::Service, quote!(adapter = FileInbound, name = "Intake"), quote! { struct Intake; }),
        none
    );
    assert_eq!(errors_of(Kind::Process, quote!(), quote! { struct Router { #[state] open: u32 } }), none);
    assert_eq!(errors_of(Kind::Operation, quote!(), quote! { struct Printer; }), none);
}

#[test]
fn an_argument_that_is_misspelt_or_means_nothing_here_is_named() {
    assert_eq!(
        errors_of(Kind::Service, quote!(pol), quote! { struct Clock; }),
        ["`#[business_service]` has no argument `pol`\n\nhelp: did you mean `poll`? [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Operation, quote!(poll, workers = 3), quote! { struct Printer; }),
        [
            "`poll` stands on what is not a service\n\nhelp: only a `#[business_service]` gets input from outside \
             [iop E12]",
            "`#[business_operation]` has no argument `workers`\n\nhelp: it knows `effect`, `errors`, `name` [iop E12]",
        ]
    );
    assert_eq!(
        errors_of(Kind::Service, quote!(poll, adapter = FileInbound), quote! { struct Clock; }),
        ["`poll` stands beside `adapter`, which is polled already\n\nhelp: remove `poll`; `call_interval` says how \
          often [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Service, quote!(adapter = "file", poll, poll), quote! { struct Clock; }),
        [
            "`adapter` takes a type\n\nhelp: write `adapter = TypeName` [iop E12]",
            "`poll` is given twice\n\nhelp: remove one [iop E12]",
        ]
    );
}

#[test]
fn what_is_not_a_struct_with_named_fields_is_refused() {
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { enum Router {} }),
        ["`#[business_process]` stands on an enum\n\nhelp: a component is a struct; put the attribute on it [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { impl Router {} }),
        [
            "`#[business_process]` stands on an impl\n\nhelp: write `#[handlers]` on the impl, and `#[business_process]` \
          on the struct [iop E12]"
        ]
    );
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router(u32); }),
        [
            "a field of a component has no name\n\nhelp: write a struct with named fields, `struct Name { field: Type }`, \
          or without any, `struct Name;` [iop E12]"
        ]
    );
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router<T> { table: T } }),
        ["the component `Router` is generic, and the catalogue needs one type for one name\n\nhelp: write one \
          component for each use, around what they share [iop E12]"]
    );
}

#[test]
fn a_field_has_one_role_and_its_arguments_are_known() {
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router { #[setting] #[state] floor: u8 } }),
        ["the field `floor` is a `#[setting]` and a `#[state]`\n\nhelp: a field has one role; remove one [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router { #[target] #[target] out: Target<Hello> } }),
        ["`#[target]` is given twice\n\nhelp: a field has one role; remove one [iop E12]"]
    );
    let router = quote! {
        struct Router {
            #[setting(defualt = 3)] floor: u8,
            #[setting(default)] door: u8,
            #[target(later)] out: Target<Hello>,
            #[state(stored)] open: u32,
            #[seting] room: u8,
        }
    };
    assert_eq!(
        errors_of(Kind::Process, quote!(), router),
        [
            "`#[setting]` has no argument `defualt`\n\nhelp: did you mean `default`? [iop E12]",
            "`default` has no value\n\nhelp: write `#[setting(default = …)]`; a setting without a default must be \
             given, one of type `Option<…>` may be left out [iop E12]",
            "`#[target]` has no argument `later`\n\nhelp: it knows `async`, `when` [iop E12]",
            "`#[state]` has no argument `stored`\n\nhelp: write `#[state]` alone [iop E12]",
            "there is no attribute `seting`\n\nhelp: did you mean `#[setting]`? [iop E12]",
        ]
    );
}

#[test]
fn a_target_is_written_as_a_target() {
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router { #[target] out: Hello } }),
        [
            "the type of a `#[target]` is not a target\n\nhelp: write `Target<Message>`, `Option<Target<Message>>` where \
          it may be left unwired, or `Targets<Message>` for a list [iop E12]"
        ]
    );
    assert_eq!(
        errors_of(Kind::Process, quote!(), quote! { struct Router { #[target] out: Option<Targets<Hello>> } }),
        ["a list of targets that may be left out\n\nhelp: write `Targets<…>`; it may be empty [iop E12]"]
    );
}

#[test]
fn a_role_stands_only_where_it_means_something() {
    assert_eq!(
        errors_of(Kind::Operation, quote!(), quote! { struct Printer { #[state] pages: u32 } }),
        ["`#[state]` stands in what is not a process\n\nhelp: only a process has a state that is stored with its \
          request; a field without an attribute starts as `Default` in each worker [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Operation, quote!(), quote! { struct Printer { #[key] name: String } }),
        ["`#[key]` stands in a component\n\nhelp: it marks a field of a `#[message]`; a field of a component is a \
          `#[setting]`, a `#[target]`, a `#[state]` or has no attribute [iop E12]"]
    );
}

#[test]
fn names_that_the_engine_reads_are_its_own() {
    assert_eq!(
        errors_of(Kind::Operation, quote!(), quote! { struct Printer { #[setting] timeout: Duration } }),
        ["every item has a setting `timeout` of the engine's\n\nhelp: give the field another name [iop E12]"]
    );
    assert_eq!(
        errors_of(Kind::Service, quote!(poll), quote! { struct Clock { call_interval: Duration } }),
        ["`call_interval` is a setting that the engine reads\n\nhelp: put `#[setting(default = \"5s\")]` on it, or \
          give it another name [iop E12]"]
    );
}

#[test]
fn a_component_with_a_refused_field_is_still_a_component() {
    let output = super::compile(Kind::Process, quote!(), quote! { struct Router { #[target] out: Hello } }).to_string();
    assert!(output.contains("struct Router { out : Hello }"), "{output}");
    assert!(output.contains(":: iop :: __private :: Component for Router"), "{output}");
}

#[test]
fn the_effect_of_an_operation_is_one_of_three_words() {
    let of = |effect: TokenStream| {
        errors_in(super::compile(Kind::Operation, quote!(effect = #effect), quote! { struct A; }))
    };
    assert_eq!(of(quote!("keyed")), [""; 0]);
    assert_eq!(
        of(quote!("idempotend")),
        ["`effect` cannot be `\"idempotend\"`\n\nhelp: did you mean `\"idempotent\"`? [iop E12]"]
    );
    assert_eq!(
        of(quote!("once")),
        [
            "`effect` cannot be `\"once\"`\n\nhelp: write `\"idempotent\"` where a second execution does the same as the \
          first, `\"keyed\"` where the outside knows the idempotency key, `\"at_most_once\"` where it would do harm \
          [iop E12]"
        ]
    );
    assert_eq!(of(quote!(keyed)), ["`effect` takes a text\n\nhelp: write `effect = \"keyed\"` [iop E12]"]);
    assert_eq!(
        errors_in(super::compile(Kind::Process, quote!(effect = "keyed"), quote! { struct A; })),
        ["`effect` stands on what is not an operation\n\nhelp: only a `#[business_operation]` acts on the outside \
          [iop E12]"]
    );
}

#[test]
fn a_table_of_errors_is_a_type_and_belongs_to_an_operation() {
    let of = |kind: Kind, arguments: TokenStream| errors_in(super::compile(kind, arguments, quote! { struct A; }));
    assert_eq!(of(Kind::Operation, quote!(errors = lab::LabError, effect = "keyed")), [""; 0]);
    assert_eq!(
        of(Kind::Operation, quote!(errors = "LabError")),
        ["`errors` takes a type\n\nhelp: write `errors = TypeName` [iop E12]"]
    );
    assert_eq!(
        of(Kind::Process, quote!(errors = LabError)),
        ["`errors` stands on what is not an operation\n\nhelp: only a `#[business_operation]` acts on the outside; \
          elsewhere the handler says `Error::fatal` or `Error::unavailable` [iop E12]"]
    );
}

#[test]
fn a_target_that_nothing_waits_on_says_so_in_its_type() {
    let output = super::compile(
        Kind::Process,
        TokenStream::new(),
        quote! { struct A { #[target(async)] out: Option<Target<Hello>>, #[target(async)] all: iop::Targets<(A, B)> } },
    );
    let output = output.to_string().replace(":: iop :: __private :: ", "");
    for part in [
        "out : Option < Target < Hello , NeverAwaited > >",
        "all : iop :: Targets < (A , B) , NeverAwaited >",
        "TargetDecl :: new :: < Option < Target < Hello , NeverAwaited > > >",
    ] {
        assert!(output.contains(part), "{part} is not in {output}");
    }
    assert_eq!(output.matches(". never_awaited ()").count(), 2);
}

#[test]
fn a_setting_that_is_a_reference_is_told_what_owns_it_and_counts_as_that() {
    let output = super::compile(
        Kind::Operation,
        TokenStream::new(),
        quote! { struct A { #[setting] name: &str, #[setting] floor: &'static Floor } },
    );
    let help = |name, ty| {
        format!("the setting `{name}` is a reference, and who would own its value?\n\nhelp: write `{ty}` [iop E12]")
    };
    assert_eq!(errors_in(output.clone()), [help("name", "String"), help("floor", "Floor")]);
    let output = output.to_string();
    assert!(output.contains("name : String") && output.contains("SettingField < Floor >"), "{output}");
}
