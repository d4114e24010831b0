//! What comes of `production.rs`. Written by the tests in `src/tests.rs`.

#[doc = " The smallest production."]
#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
pub struct HelloWorld;
const _: () = {
    const __IOP_ITEM_0: ::iop::__private::Item =
        ::iop::__private::Item::new("clock", "Ticks.", <Clock as ::iop::__private::Component>::TYPE, false);
    const __IOP_ITEM_1: ::iop::__private::Item =
        ::iop::__private::Item::new("greeter", "", <Greeter as ::iop::__private::Component>::TYPE, false)
            .policy(::iop::__private::ItemPolicy::NONE.pool_size(2u32));
    const __IOP_ITEM_2: ::iop::__private::Item =
        ::iop::__private::Item::new("printer", "", <plant::Printer as ::iop::__private::Component>::TYPE, true);
    static __IOP_GRAPH: ::iop::__private::Graph = ::iop::__private::Graph::new(
        "HelloWorld",
        "The smallest production.",
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
        &[__IOP_ITEM_0, __IOP_ITEM_1, __IOP_ITEM_2],
        &[
            ::iop::__private::Route { from: 0usize, target: "out", to: 1usize },
            ::iop::__private::Route { from: 0usize, target: "copies", to: 1usize },
            ::iop::__private::Route { from: 0usize, target: "copies", to: 2usize },
        ],
    );
    #[automatically_derived]
    impl ::iop::__private::Production for HelloWorld {
        const GRAPH: &'static ::iop::__private::Graph = &__IOP_GRAPH;
        fn wiring() -> ::std::vec::Vec<::iop::__private::Wiring> {
            fn __iop_wiring_0() -> ::iop::__private::Wiring {
                let mut fields_0: <Clock as ::iop::__private::Component>::Fields = ::core::default::Default::default();
                let options_0: ::iop::__private::ItemOptions = ::core::default::Default::default();
                ::iop::__private::set(&mut fields_0.call_interval, "1s");
                let _ = &mut fields_0;
                let greeter = ::iop::__private::placed::<<Greeter as ::iop::__private::Component>::This>();
                let printer = ::iop::__private::placed::<<plant::Printer as ::iop::__private::Component>::This>();
                ::iop::__private::wire(&mut fields_0.out, ::iop::__private::route(greeter, "greeter"));
                ::iop::__private::wire_all(
                    &mut fields_0.copies,
                    ::iop::__private::routes()
                        .and(::iop::__private::route(greeter, "greeter"))
                        .and(::iop::__private::route(printer, "printer")),
                );
                ::iop::__private::wiring(fields_0, options_0)
            }
            fn __iop_wiring_1() -> ::iop::__private::Wiring {
                let mut fields_1: <Greeter as ::iop::__private::Component>::Fields =
                    ::core::default::Default::default();
                let mut options_1: ::iop::__private::ItemOptions = ::core::default::Default::default();
                ::iop::__private::set(&mut options_1.pool_size, 2);
                let _ = &mut fields_1;
                ::iop::__private::wiring(fields_1, options_1)
            }
            fn __iop_wiring_2() -> ::iop::__private::Wiring {
                let mut fields_2: <plant::Printer as ::iop::__private::Component>::Fields =
                    ::core::default::Default::default();
                let options_2: ::iop::__private::ItemOptions = ::core::default::Default::default();
                ::iop::__private::set(&mut fields_2.title, TITLE);
                let _ = &mut fields_2;
                ::iop::__private::wiring(fields_2, options_2)
            }
            ::iop::__private::wirings(&[__iop_wiring_0, __iop_wiring_1, __iop_wiring_2])
        }
    }
    const _: () = ::iop::__private::assert_wired(
        "clock",
        <Clock as ::iop::__private::Component>::TYPE,
        &["call_interval", "out", "copies"],
    );
    const _: () = ::iop::__private::assert_reached(&__IOP_GRAPH, 0usize);
    const _: () =
        ::iop::__private::assert_text("clock", <Clock as ::iop::__private::Component>::TYPE, "call_interval", "1s");
    const _: () = ::iop::__private::assert_wired("greeter", <Greeter as ::iop::__private::Component>::TYPE, &[]);
    const _: () =
        ::iop::__private::assert_wired("printer", <plant::Printer as ::iop::__private::Component>::TYPE, &["title"]);
    #[allow(long_running_const_eval, reason = "a large production takes long, and ends")]
    const _: () = ::iop::__private::assert_names::<{ ::iop::__private::slots(&__IOP_GRAPH) }>(&__IOP_GRAPH);
    const _: () = {
        #[allow(unused_imports, reason = "generated")]
        use ::iop::__private::HeardOf as _;
        let _ = ::iop::__private::Failures::<Clock>::REACH_NOBODY;
        let _ = ::iop::__private::Failures::<Greeter>::REACH_NOBODY;
        let _ = ::iop::__private::Failures::<plant::Printer>::REACH_NOBODY;
    };
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredProduction (& __IOP_GRAPH) }
};
