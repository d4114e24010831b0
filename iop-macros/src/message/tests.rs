//! What `#[message]` says of each mistake, word for word.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::tests::errors_in;

fn errors_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    errors_in(super::compile(arguments, item))
}

#[test]
fn a_correct_message_has_no_error() {
    let none: [&str; 0] = [];
    let item = quote! { pub struct Hello { #[key] pub name: String, #[sensitive] pub note: String } };
    assert_eq!(errors_of(quote!(response = Greeting, name = "hello", version = 2, transient), item), none);
    assert_eq!(errors_of(quote!(part), quote! { pub struct Page<T> { pub rows: Vec<T> } }), none);
    assert_eq!(errors_of(quote!(), quote! { pub enum Change { Moved { #[key] mrn: String }, Gone } }), none);
}

#[test]
fn an_unknown_argument_names_the_closest_or_lists_them() {
    assert_eq!(
        errors_of(quote!(respons = Greeting, colour = "red"), quote! { struct Hello; }),
        [
            "`#[message]` has no argument `respons`\n\nhelp: did you mean `response`? [iop E12]",
            "`#[message]` has no argument `colour`\n\nhelp: it knows `response`, `chunk`, `input`, `name`, \
             `version`, `upgrade`, `transient`, `part` [iop E12]",
        ]
    );
}

#[test]
fn input_without_chunks_is_told_that_they_belong_together() {
    assert_eq!(
        errors_of(quote!(input = Command), quote! { struct Hello; }),
        [
            "`input` stands without `chunk`, and who takes input while it works gives chunks\n\nhelp: write `chunk = …`, \
          the type of what comes back while the exchange lasts [iop E12]"
        ]
    );
    let none: [&str; 0] = [];
    assert_eq!(errors_of(quote!(response = Bye, chunk = Line, input = Command), quote! { struct Hello; }), none);
}

#[test]
fn each_argument_says_what_it_takes() {
    assert_eq!(
        errors_of(quote!(name = 3, version = 0, transient = true, response), quote! { struct Hello; }),
        [
            "`name` takes a text\n\nhelp: write `name = \"…\"` [iop E12]",
            "`version` takes a number from 1\n\nhelp: write `version = 2` [iop E12]",
            "`transient` takes no value\n\nhelp: write `transient` alone [iop E12]",
            "`response` has no value\n\nhelp: write `response = …` [iop E12]",
        ]
    );
    assert_eq!(
        errors_of(quote!(version, version = 2), quote! { struct Hello; }),
        [
            "`version` has no value\n\nhelp: write `version = 2` [iop E12]",
            "`version` is given twice\n\nhelp: remove one [iop E12]",
        ]
    );
}

#[test]
fn what_cannot_be_sent_is_refused_where_it_says_what_it_is() {
    assert_eq!(
        errors_of(quote!(), quote! { struct Page<T> { rows: Vec<T> } }),
        ["the message `Page` is generic, and a stored message needs one name and one form\n\nhelp: write one message \
          type for each use, or `#[message(part)]` if `Page` only stands inside messages [iop E12]"]
    );
    assert_eq!(
        errors_of(quote!(), quote! { fn hello() {} }),
        ["`#[message]` stands on what is neither a struct nor an enum\n\nhelp: put it on the struct or enum that is \
          sent [iop E12]"]
    );
}

#[test]
fn an_upgrade_is_a_function_or_a_list_of_them_and_there_is_a_version_for_each() {
    let none: [&str; 0] = [];
    assert_eq!(errors_of(quote!(version = 2, upgrade = from_v1), quote! { struct Hello; }), none);
    assert_eq!(errors_of(quote!(version = 3, upgrade = [older::from_v1, from_v2]), quote! { struct Hello; }), none);
    assert_eq!(errors_of(quote!(version = 3, upgrade = [from_v2]), quote! { struct Hello; }), none);
    assert_eq!(
        errors_of(quote!(version = 2, upgrade = [from_v1, from_v2]), quote! { struct Hello; }),
        [
            "there is no version before 1 that it could upgrade; this type is version 2\n\nhelp: write `version = 3`, or \
          remove a function: the last one makes this version [iop E14]"
        ]
    );
    assert_eq!(
        errors_of(quote!(version = 2, upgrade = "from_v1"), quote! { struct Hello; }),
        [
            "`upgrade` takes the names of functions\n\nhelp: write `upgrade = from_v1`, or `upgrade = [from_v1, from_v2]`, \
          each from one version to the next [iop E14]"
        ]
    );
}

#[test]
fn a_stored_type_does_not_refuse_fields_that_it_does_not_know() {
    for arguments in [quote!(), quote!(part)] {
        assert_eq!(
            errors_of(arguments, quote! { #[serde(default, deny_unknown_fields)] struct Hello { name: String } }),
            [
                "`Hello` refuses unknown fields, so that its next version could not read what this one has stored\n\nhelp: \
              remove `deny_unknown_fields`; a field that is not known is left out when the message is accepted [iop E14]"
            ]
        );
    }
}

#[test]
fn a_sensitive_field_stands_also_in_parts_and_in_tuples_but_not_where_there_is_no_place_in_the_json() {
    let none: [&str; 0] = [];
    assert_eq!(errors_of(quote!(part), quote! { struct Name { #[sensitive] given: String } }), none);
    assert_eq!(errors_of(quote!(), quote! { struct Pin(#[sensitive] u32); }), none);
    assert_eq!(
        errors_of(quote!(), quote! { struct Hello { #[sensitive] #[serde(flatten)] name: Name } }),
        ["`#[sensitive]` stands on a flattened field, which has no place of its own in the JSON\n\nhelp: mark the \
          fields of its type [iop E12]"]
    );
}

#[test]
fn a_derived_debug_is_taken_out_where_it_would_show_a_sensitive_field() {
    let item = quote! { #[derive(Clone, Debug)] enum Pin { Short { #[sensitive] digits: u32 }, Long(u64) } };
    let output = super::compile(quote!(), item).to_string();
    assert!(output.contains("# [derive (Clone)]"), "{output}");
    assert!(output.contains(":: core :: fmt :: Debug for Pin") && output.contains("MASKED"), "{output}");
    let open = super::compile(quote!(), quote! { #[derive(Debug)] struct Hello; }).to_string();
    assert!(open.contains("# [derive (Debug)]") && !open.contains("MASKED"), "{open}");
}

#[test]
fn marks_of_fields_stand_where_they_mean_something() {
    assert_eq!(
        errors_of(quote!(), quote! { struct Hello(#[key] String); }),
        ["`#[key]` stands on a field without a name\n\nhelp: it is found by its name in the stored JSON: use named \
          fields, `{ name: Type }` [iop E12]"]
    );
    assert_eq!(
        errors_of(quote!(part), quote! { struct Name { #[key] given: String } }),
        ["`#[key]` stands in a type that is not a message\n\nhelp: mark the field of the message, or write \
          `#[message]` without `part` on `Name` [iop E12]"]
    );
    assert_eq!(
        errors_of(quote!(part, version = 2), quote! { struct Name; }),
        [
            "`version` stands beside `part`, which makes no message\n\nhelp: remove `part`, or remove `version` [iop E12]"
        ]
    );
    assert_eq!(
        errors_of(quote!(), quote! { struct Hello { #[setting] name: String } }),
        [
            "`#[setting]` stands in a message\n\nhelp: it gives a field of a component its role; a field of a message is \
          a `#[key]`, is `#[sensitive]` or has no attribute [iop E12]"
        ]
    );
}

#[test]
fn a_misspelt_mark_is_named_and_each_mark_is_given_once() {
    assert_eq!(
        errors_of(quote!(), quote! { struct Hello { #[kye] name: String, #[sensitive] #[sensitive] note: String } }),
        [
            "there is no attribute `kye`\n\nhelp: did you mean `#[key]`? [iop E12]",
            "`#[sensitive]` is given twice\n\nhelp: remove one [iop E12]",
        ]
    );
    assert_eq!(
        errors_of(quote!(), quote! { struct Hello { #[key(unique)] name: String, #[sensitive = 1] note: String } }),
        [
            "`#[key]` has no argument `unique`\n\nhelp: it knows `hashed` [iop E12]",
            "`#[sensitive]` takes no value\n\nhelp: write `#[sensitive(…)]` [iop E12]",
        ]
    );
}

#[test]
fn a_refused_message_still_comes_out_and_is_a_message() {
    let output = super::compile(quote!(), quote! { struct Page<T> { rows: Vec<T> } }).to_string();
    assert!(output.contains("struct Page < T >"), "{output}");
    assert!(output.contains(":: iop :: __private :: Message for Page < T >"), "{output}");
}

#[test]
fn a_sensitive_key_is_in_the_index_as_a_hash_only() {
    assert_eq!(
        errors_of(quote!(), quote! { pub struct Admit { #[key] #[sensitive] mrn: String } }),
        [
            "`mrn` is sensitive, and the index of keys would have its value in the clear\n\nhelp: write `#[key(hashed)]`: a \
          message is found by the value all the same, and the index has only a hash of it [iop E15]"
        ]
    );
    assert_eq!(errors_of(quote!(), quote! { pub struct Admit { #[sensitive] #[key(hashed)] mrn: String } }), [""; 0]);
}

#[test]
fn a_field_that_is_a_reference_is_told_what_owns_it_and_counts_as_that() {
    let output = super::compile(quote!(), quote! { struct Hello { name: &'static str, #[key] id: &str } });
    let help = |ty| {
        format!(
            "a field of a message is a reference, and a stored message owns what it says\n\nhelp: write `{ty}` [iop E12]"
        )
    };
    assert_eq!(errors_in(output.clone()), [help("String"), help("String")]);
    let output = output.to_string();
    assert!(output.contains("name : String") && output.contains("id : String"), "{output}");
    // What is generic is told that alone.
    assert_eq!(errors_of(quote!(), quote! { struct Hello<'a> { name: &'a str } }).len(), 1);
}

#[test]
fn nothing_is_asked_where_an_attribute_makes_something_else_of_the_derives() {
    let asks = |item: TokenStream| super::compile(quote!(), item).to_string().contains("assert_part");
    for asked in [
        quote! { struct Hello { who: Person } },
        quote! { #[serde(rename_all = "camelCase", tag = "kind")] enum Hello { To(Vec<Option<Person>>), Nobody } },
        quote! { #[derive(Clone, Debug)] #[must_use] struct Hello([Person; 2]); },
        quote! { struct Hello { #[serde(default, rename = "whom")] who: people::Person } },
        quote! { struct Hello { who: Person, #[schemars(with = "String")] when: Elsewhere } },
    ] {
        assert!(asks(asked.clone()), "{asked}");
    }
    for not in [
        quote! { struct Hello { name: String, ages: Vec<(u8, Option<f64>)>, waits: std::time::Duration } },
        quote! { #[serde(transparent)] struct Hello(Person); },
        quote! { #[serde(default)] struct Hello { who: Person } },
        quote! { #[derive(serde::Serialize)] struct Hello { who: Person } },
        quote! { #[schemars(title = "hi")] struct Hello { who: Person } },
        quote! { #[elsewhere] struct Hello { who: Person } },
        quote! { struct Hello { #[cfg(unix)] who: Person, other: Person } },
        quote! { struct Hello { who: Option<Box<Self>>, other: Person } },
        quote! { struct Hello { #[serde(with = "own")] who: Person } },
        quote! { struct Hello { #[serde(skip)] who: Person } },
        quote! { struct Hello { who: fn(Person) } },
    ] {
        assert!(!asks(not.clone()), "{not}");
    }
}
