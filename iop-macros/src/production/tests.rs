//! What `production!` says of each mistake, word for word, and what still comes out beside it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::tests::errors_in;

fn errors_of(tokens: TokenStream) -> Vec<String> {
    errors_in(super::compile(tokens))
}

/// The errors of a production of these items and a `greeter`.
fn errors_beside_greeter(items: &TokenStream) -> Vec<String> {
    errors_of(quote! { pub Lab { #items, greeter: Greeter {} } })
}

#[test]
fn every_form_of_an_item_is_read_without_an_error() {
    let none: [&str; 0] = [];
    let lab = quote! {
        /// A laboratory.
        pub(crate) Lab {
            /// Ticks.
            clock: Clock { call_interval: "1s", out: greeter, copies: [greeter, printer], others: [] },
            #[item(standalone, pool_size = 2)]
            porter: plant::Porter { floor: { FLOOR }, limits: [1, 2] },
            greeter: Greeter {},
            printer: ::plant::Printer<u8>,
        }
    };
    assert_eq!(errors_of(lab), none);
}

#[test]
fn a_route_to_no_item_names_the_closest_or_lists_them() {
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: greter } }),
        ["there is no item `greter`\n\nhelp: did you mean `greeter`? [iop E01]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: printer } }),
        ["there is no item `printer`\n\nhelp: the items are `clock`, `greeter`; the value of a setting that is not a \
          literal stands in braces, `{ printer }` [iop E01]"]
    );
}

#[test]
fn an_item_stands_once_in_a_production_and_once_in_a_list() {
    assert_eq!(
        errors_beside_greeter(&quote! { greeter: Host {} }),
        ["two items are named `greeter`\n\nhelp: rename one of them [iop E01]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: [greeter, greeter] } }),
        ["the item `greeter` stands twice in a list\n\nhelp: remove one [iop E01]"]
    );
}

#[test]
fn attributes_stand_where_they_mean_something() {
    assert_eq!(
        errors_of(quote! { #[item(pool_size = 2)] pub Lab { greeter: Greeter {} } }),
        ["a production takes doc comments only\n\nhelp: what the engine needs to know of an item stands in front of \
          the item, `#[item(…)]` [iop E12]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { #[cfg(test)] clock: Clock { out: greeter } }),
        ["an attribute that means nothing on an item\n\nhelp: an item is there or not; to leave it out at run time, \
          write `#[item(enabled = false)]` [iop E12]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { #[pool_size(2)] clock: Clock { out: greeter } }),
        ["an attribute that means nothing on an item\n\nhelp: an item takes doc comments and `#[item(…)]` [iop E12]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { #[item(pool_size, timeout = 1, timeout = 2)] clock: Clock { out: greeter } }),
        [
            "`pool_size` has no value\n\nhelp: write `pool_size = …` [iop E12]",
            "`timeout` is given twice\n\nhelp: remove one [iop E12]",
        ]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { #[item(standalone)] out: greeter } }),
        ["an attribute stands on a field\n\nhelp: write `#[item(…)]` in front of the item"]
    );
}

#[test]
fn what_is_not_the_grammar_is_told_what_to_write() {
    assert_eq!(errors_of(quote! {}), ["a production has no name\n\nhelp: write `production! { pub Name { … } }`"]);
    assert_eq!(
        errors_of(quote! { pub Lab }),
        ["the production `Lab` has no items\n\nhelp: write `Lab { name: Component { … }, … }`"]
    );
    assert_eq!(
        errors_of(quote! { Lab {} Other {} }),
        ["more than one production\n\nhelp: write one `production!` for each"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock = Clock { out: greeter } }),
        ["the item `clock` has no component\n\nhelp: write `clock: Component { … },`"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { "clock": Clock { out: greeter } }),
        ["expected an item\n\nhelp: write `name: Component { setting: value, target: item },`"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: greeter, out: greeter } }),
        ["`out` is set twice\n\nhelp: remove one"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: greeter } second: Clock { out: greeter } }),
        ["expected `,` behind the item `clock`\n\nhelp: write `name: Component { setting: value, target: item },`"]
    );
}

#[test]
fn all_mistakes_of_one_production_are_reported_in_one_run() {
    let lab = quote! {
        Lab {
            clock: Clock { out: greter, interval: },
            #[item(pool_size)]
            porter: { greet: greeter },
            greeter: Greeter {},
            greeter: Host {},
        }
    };
    assert_eq!(
        errors_of(lab),
        [
            "`interval` has no value\n\nhelp: write `interval: value,` or `interval: item,`",
            "the item `porter` has no component\n\nhelp: write `porter: Component { … },`",
            "two items are named `greeter`\n\nhelp: rename one of them [iop E01]",
            "there is no item `greter`\n\nhelp: did you mean `greeter`? [iop E01]",
            "`pool_size` has no value\n\nhelp: write `pool_size = …` [iop E12]",
        ]
    );
}

/// What is half-written in front of a `greeter` is one error, and both the items that can be read come out.
#[track_caller]
fn half_written(item: &str, error: &str, kept: &[&str]) {
    // Text, because there is no `}` behind what is being written: what is open is closed by the editor.
    let text = format!("Lab {{ second: Clock {{ out: greeter }}, {item} greeter: Greeter {{}} }}");
    let output = super::compile(text.parse().expect("tokens"));
    assert_eq!(errors_in(output.clone()), [error], "{item}");
    let output = output.to_string();
    for item in [r#"Item :: new ("second""#, r#"Item :: new ("greeter""#].iter().chain(kept) {
        assert!(output.contains(item), "{item} is not in {output}");
    }
    // The route of the item before is resolved whatever comes behind it.
    assert!(output.contains("placed :: << Greeter as "), "{output}");
}

#[test]
fn a_half_written_item_is_one_error_and_the_others_come_out() {
    half_written("clock", "the item `clock` has no component\n\nhelp: write `clock: Component { … },`", &[]);
    half_written("clock:", "the item `clock` has no component\n\nhelp: write `clock: Component { … },`", &[]);
    half_written("clock: ,", "the item `clock` has no component\n\nhelp: write `clock: Component { … },`", &[]);
    half_written("clock: plant::", "the item `clock` has no component\n\nhelp: write `clock: Component { … },`", &[]);
    half_written(
        "clock: Clo",
        "expected `,` behind the item `clock`\n\nhelp: write `name: Component { setting: value, target: item },`",
        &[r#"Item :: new ("clock""#, "< Clo as"],
    );
    half_written(
        "clock: Clock { ou },",
        "`ou` has no value\n\nhelp: write `ou: value,` or `ou: item,`",
        &["< Clock as", ". ou"],
    );
    half_written(
        "clock: Clock { out: },",
        "`out` has no value\n\nhelp: write `out: value,` or `out: item,`",
        &["< Clock as", ". out"],
    );
}

#[test]
fn nothing_is_asked_that_a_half_written_item_may_still_answer() {
    let asks = |tokens: TokenStream| {
        let output = super::compile(tokens).to_string();
        (output.matches("assert_wired (\"clock\"").count(), output.matches("assert_reached").count())
    };
    assert_eq!(
        asks(quote! { Lab { clock: Clock {}, greeter: Greeter {} } }),
        (1, 2),
        "both are asked of what is whole"
    );
    assert_eq!(asks(quote! { Lab { clock: Clock { ou }, greeter: Greeter {} } }), (0, 0));
    assert_eq!(asks(quote! { Lab { clock: Clock { out: greter }, greeter: Greeter {} } }), (1, 1));
    assert_eq!(asks(quote! { Lab { clock: Clock { out: printer }, greeter: Greeter {} } }), (1, 0));
}

#[test]
fn what_an_item_fixes_is_a_word_of_a_short_list() {
    let one = |options: &str, error: &str| {
        let item: TokenStream = format!("#[item({options})] clock: Clock {{ out: greeter }}").parse().expect("tokens");
        assert_eq!(errors_beside_greeter(&item), [error], "{options}");
    };
    one("order = fifoo, failing = block", "`order` cannot be `fifoo`\n\nhelp: did you mean `fifo`? [iop E12]");
    one("order = kee(mrn), failing = block", "`order` cannot be `kee`\n\nhelp: did you mean `key(field)`? [iop E12]");
    one(
        "order = sorted, failing = block",
        "`order` cannot be `sorted`\n\nhelp: write `fifo`, `key(field)` or `none` [iop E12]",
    );
    one(
        "order = key, failing = block",
        "`key` names no field\n\nhelp: write `key(field)` with a `#[key]` field of the messages [iop E12]",
    );
    one(
        "order = key(\"mrn\"), failing = block",
        "`key` takes the name of one field\n\nhelp: write `key(field)` with a `#[key]` field of the messages [iop E12]",
    );
    one("order = fifo(mrn), failing = block", "`fifo` takes no field\n\nhelp: write `fifo` alone [iop E12]");
    one("order", "`order` has no value\n\nhelp: write `order = …` [iop E12]");
    one("order = 1, failing = block", "this is not an order\n\nhelp: write `fifo`, `key(field)` or `none` [iop E12]");
    one(
        "order = fifo, failing = suspended",
        "`failing` cannot be `suspended`\n\nhelp: did you mean `suspend`? [iop E12]",
    );
    one("failing = 5", "`failing` takes one word\n\nhelp: write `block`, `park_key` or `suspend` [iop E12]");
    one("oder = fifo", "`#[item(…)]` has no argument `oder`\n\nhelp: did you mean `order`? [iop E12]");
    one("max_hops = 0", "`max_hops` takes a whole number from 1\n\nhelp: write `max_hops = 10` [iop E12]");
}

#[test]
fn an_ordered_item_says_what_a_failing_message_does() {
    assert_eq!(
        errors_beside_greeter(&quote! { #[item(order = fifo)] clock: Clock { out: greeter } }),
        [
            "`clock` keeps an order, and does not say what a message that keeps failing does to it\n\nhelp: add `failing = \
          block` (it is tried again for ever, and what is behind it waits), or `failing = suspend` (it is suspended, \
          and what is behind it overtakes it) [iop E11]"
        ]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { #[item(order = key(mrn))] clock: Clock { out: greeter } }),
        [
            "`clock` keeps an order, and does not say what a message that keeps failing does to it\n\nhelp: add `failing = \
          block` (it is tried again for ever, and what is behind it waits), `failing = park_key` (it is suspended, and \
          so is what is behind it with the same key, until a person has decided), or `failing = suspend` (it is \
          suspended, and what is behind it overtakes it) [iop E11]"
        ]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { #[item(order = fifo, failing = park_key)] clock: Clock { out: greeter } }),
        [
            "`clock` has no key to park: its order is not `key(field)`\n\nhelp: write `order = key(field)` beside it, or \
          `failing = block` or `failing = suspend` [iop E11]"
        ]
    );
}

#[test]
fn several_workers_keep_no_fifo() {
    assert_eq!(
        errors_beside_greeter(
            &quote! { #[item(order = fifo, failing = block, pool_size = 4)] clock: Clock { out: greeter } }
        ),
        [
            "`clock` has 4 workers, which overtake each other, and its order is `fifo`\n\nhelp: write `pool_size = 1`, or \
          `order = key(field)`, which keeps the order of each key at any pool size [iop E10]"
        ]
    );
}

#[test]
fn a_statement_names_items_that_exist_and_an_order() {
    assert_eq!(
        errors_beside_greeter(&quote! { require order key(mrn) from clok to greter; clock: Clock { out: greeter } }),
        [
            "there is no item `clok`\n\nhelp: did you mean `clock`? [iop E01]",
            "there is no item `greter`\n\nhelp: did you mean `greeter`? [iop E01]",
        ]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { require order none from clock to greeter; clock: Clock { out: greeter } }),
        ["no order is required\n\nhelp: write `fifo` or `key(field)`, or remove the line [iop E12]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { alerts to greeter; alerts none; clock: Clock { out: greeter } }),
        ["it is said twice where alerts go\n\nhelp: remove one [iop E12]"]
    );
}

#[test]
fn statements_become_constant_data() {
    let lab = quote! {
        Lab {
            require order key(mrn) from clock to greeter;
            clock: Clock {},
            #[item(order = key(mrn), failing = park_key, pool_size = 4, max_hops = 3)]
            greeter: Greeter {},
            alerts to greeter;
        }
    };
    let output = super::compile(lab);
    assert_eq!(errors_in(output.clone()), [""; 0]);
    let output = output.to_string().replace(":: iop :: __private :: ", "");
    for part in [
        r#"ItemPolicy :: NONE . order (Order :: Key ("mrn")) . failing (Failing :: ParkKey) . pool_size (4u32) . max_hops (3u32)"#,
        r#". with (& [Requirement { order : Order :: Key ("mrn") , from : 0usize , to : 1usize }] , :: core :: option :: Option :: Some (1usize))"#,
    ] {
        assert!(output.contains(part), "{part} is not in {output}");
    }
}

#[test]
fn a_half_written_statement_is_one_error_and_the_items_come_out() {
    let require = "write `require order key(field) from item to item;`";
    let alerts = "write `alerts to item;`, or `alerts none;`";
    let behind = |what: &str, help: &str| format!("expected {what} behind this\n\nhelp: {help}");
    half_written("require", &behind("`order`", require), &[]);
    half_written("require order", &behind("an order", require), &[]);
    half_written("require order key(mrn)", &behind("`from`", require), &[]);
    half_written("require order key(mrn) from", &behind("the name of an item", require), &[]);
    half_written("require order key(mrn) from second to", &behind("the name of an item", require), &[]);
    half_written("require order fifo from second to greeter", &behind("`;`", require), &[]);
    half_written("alerts", &behind("`to`", alerts), &[]);
    half_written("alerts to", &behind("the name of an item", alerts), &[]);
    half_written("alerts to second", &behind("`;`", alerts), &[]);
    let instead = |what: &str, help: &str| format!("expected {what} instead of this\n\nhelp: {help}");
    half_written("require fifo from second to greeter;", &instead("`order`", require), &[]);
    half_written("alerts in second;", &instead("`to`", alerts), &[]);
}

#[test]
fn a_tap_names_an_item_beside_the_flow() {
    let one = |item: TokenStream| {
        let [error] = &errors_beside_greeter(&item)[..] else { panic!("one error: {item}") };
        error.split("\n\n").next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        one(quote! { #[item(standalone, tap = porter)] porter: Porter { out: greeter } }),
        "`porter` taps itself"
    );
    assert_eq!(
        one(quote! { #[item(standalone, tap = "greeter")] porter: Porter { out: greeter } }),
        "`tap` takes the name of an item"
    );
    assert_eq!(
        one(quote! {
            #[item(standalone, tap_responses = audit)]
            porter: Porter { out: greeter },
            audit: Audit { out: host },
            host: Host { back: porter }
        }),
        "messages may go round in a circle for ever: what `audit` sends leads back to `porter`, which it taps"
    );
    let bounded = quote! {
        #[item(standalone, tap = audit, max_hops = 3)]
        porter: Porter { out: greeter },
        audit: Audit { out: porter }
    };
    assert_eq!(errors_beside_greeter(&bounded), [""; 0]);
    // Each gets copies of what the other receives, and copies are not copied.
    let mutual = quote! {
        clock: Clock { out: [one, other] },
        #[item(tap = other)]
        one: Audit {},
        #[item(tap = one)]
        other: Audit {}
    };
    assert_eq!(errors_beside_greeter(&quote! { #mutual, porter: Porter { out: greeter } }).len(), 0);
}

#[test]
fn an_item_may_have_any_name_and_each_name_has_one_form() {
    let none: [&str; 0] = [];
    let lab = quote! {
        pub Lab {
            clock: Clock { out: in, type: "a" },
            in: Greeter {},
            uhr: Clock { out: 受付, others: [r#in, 受付] },
            受付: Greeter {},
            require order fifo from r#clock to in;
        }
    };
    assert_eq!(errors_of(lab.clone()), none);
    let output = super::compile(lab).to_string();
    assert!(output.contains("let r#in =") && output.contains(". r#type"), "{output}");
    assert_eq!(
        errors_beside_greeter(&quote! { clock: Clock { out: greeter }, r#greeter: Greeter {} }),
        ["two items are named `greeter`\n\nhelp: rename one of them [iop E01]"]
    );
    assert_eq!(
        errors_beside_greeter(&quote! { self: Clock { out: greeter }, _: Clock { out: greeter } }),
        [
            "`self` cannot be a name\n\nhelp: write another one [iop E01]",
            "`_` cannot be a name\n\nhelp: write another one [iop E01]"
        ]
    );
}

#[test]
fn a_production_is_no_struct() {
    let help = "`struct` is no name\n\nhelp: write `production! { pub Name { … } }`";
    assert_eq!(errors_of(quote! { pub struct Lab { clock: Clock { out: greeter }, greeter: Greeter {} } }), [help]);
    assert_eq!(errors_of(quote! { struct { greeter: Greeter {} } }), [help]);
}

#[test]
fn an_item_has_at_least_one_worker() {
    assert_eq!(
        errors_beside_greeter(&quote! { #[item(pool_size = 0)] porter: Porter { out: greeter } }),
        ["an item has at least one worker\n\nhelp: write `pool_size = 1` or more; an item that shall do nothing is \
          `enabled = false` [iop E12]"]
    );
}

#[test]
fn of_an_item_that_a_broken_or_misplaced_route_may_have_meant_no_route_is_missed() {
    let output = super::compile(quote! { Lab { "clock": Clock { out: greeter }, greeter: Greeter {} } }).to_string();
    assert!(!output.contains("assert_reached"), "{output}");
    for value in [quote!("greeter"), quote!(self::greeter), quote!(greeter.inbox)] {
        let output = super::compile(quote! { Lab { clock: Clock { out: #value }, greeter: Greeter {} } }).to_string();
        let asked =
            "if ! (:: iop :: __private :: has_target (< Clock as :: iop :: __private :: Component > :: TYPE , \"out\")";
        assert!(output.contains(asked), "{output}");
    }
}
