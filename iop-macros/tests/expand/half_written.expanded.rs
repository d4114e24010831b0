//! What comes of `half_written.rs`. Written by the tests in `src/tests.rs`.

#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
pub struct HelloWorld;
const _: () = {
    const __IOP_ITEM_0: ::iop::__private::Item =
        ::iop::__private::Item::new("clock", "", <Clock as ::iop::__private::Component>::TYPE, false);
    const __IOP_ITEM_1: ::iop::__private::Item =
        ::iop::__private::Item::new("greeter", "", <Greeter as ::iop::__private::Component>::TYPE, false);
    static __IOP_GRAPH: ::iop::__private::Graph = ::iop::__private::Graph::new(
        "HelloWorld",
        "",
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
        &[__IOP_ITEM_0, __IOP_ITEM_1],
        &[],
    );
    #[automatically_derived]
    impl ::iop::__private::Production for HelloWorld {
        const GRAPH: &'static ::iop::__private::Graph = &__IOP_GRAPH;
        fn wiring() -> ::std::vec::Vec<::iop::__private::Wiring> {
            fn __iop_wiring_0() -> ::iop::__private::Wiring {
                let mut fields_0: <Clock as ::iop::__private::Component>::Fields = ::core::default::Default::default();
                let options_0: ::iop::__private::ItemOptions = ::core::default::Default::default();
                ::iop::__private::set(&mut fields_0.call_interval, "1s");
                let _ = &mut fields_0.ou;
                let _ = &mut fields_0;
                ::iop::__private::wiring(fields_0, options_0)
            }
            fn __iop_wiring_1() -> ::iop::__private::Wiring {
                let mut fields_1: <Greeter as ::iop::__private::Component>::Fields =
                    ::core::default::Default::default();
                let options_1: ::iop::__private::ItemOptions = ::core::default::Default::default();
                let _ = &mut fields_1;
                ::iop::__private::wiring(fields_1, options_1)
            }
            ::iop::__private::wirings(&[__iop_wiring_0, __iop_wiring_1])
        }
    }
    const _: () =
        ::iop::__private::assert_text("clock", <Clock as ::iop::__private::Component>::TYPE, "call_interval", "1s");
    const _: () = ::iop::__private::assert_wired("greeter", <Greeter as ::iop::__private::Component>::TYPE, &[]);
    #[allow(long_running_const_eval, reason = "a large production takes long, and ends")]
    const _: () = ::iop::__private::assert_names::<{ ::iop::__private::slots(&__IOP_GRAPH) }>(&__IOP_GRAPH);
    const _: () = {
        #[allow(unused_imports, reason = "generated")]
        use ::iop::__private::HeardOf as _;
        let _ = ::iop::__private::Failures::<Clock>::REACH_NOBODY;
        let _ = ::iop::__private::Failures::<Greeter>::REACH_NOBODY;
    };
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredProduction (& __IOP_GRAPH) }
};
::core::compile_error! { "`ou` has no value\n\nhelp: write `ou: value,` or `ou: item,`" }
::core::compile_error! { "the item `second` has no component\n\nhelp: write `second: Component { … },`" }
