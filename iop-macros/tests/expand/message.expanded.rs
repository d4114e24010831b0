//! What comes of `message.rs`. Written by the tests in `src/tests.rs`.

#[derive(
    ::iop::__private::serde::Serialize,
    ::iop::__private::serde::Deserialize,
    ::iop::__private::schemars::JsonSchema,
)]
#[serde(crate = "::iop::__private::serde")]
#[schemars(crate = "::iop::__private::schemars")]
#[doc = " Asks for a greeting."]
#[derive()]
pub struct Hello {
    #[serde(alias = "who")]
    # [schemars (extend ("x-iop-key" = true))]
    # [schemars (extend ("x-iop-aliases" = ["who"]))]
    pub name: String,
    # [schemars (extend ("x-iop-sensitive" = true))]
    pub born: Option<String>,
}
#[automatically_derived]
#[allow(deprecated)]
impl ::core::fmt::Debug for Hello {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        match self {
            Self { name: field_0, born: _ } => {
                let mut shown = f.debug_struct("Hello");
                shown.field("name", field_0);
                shown.field("born", &::iop::__private::MASKED);
                shown.finish()
            }
        }
    }
}
const _: () = {
    static __IOP_TYPE: ::iop::__private::MessageType = ::iop::__private::MessageType::new::<Hello>(
        "hello",
        2,
        ::core::concat!(::core::module_path!(), "::Hello"),
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
    )
    .with("Asks for a greeting.", false, &["name"], &["born"])
    .upgrading(&[::iop::__private::Upgrade::new(
        |body| ::iop::__private::upgrade(body, from_v1),
        || ::iop::__private::upgraded_schema(from_v1),
    )]);
    #[automatically_derived]
    impl ::iop::__private::Message for Hello {
        type Response = Greeting;
        const TYPE: &'static ::iop::__private::MessageType = &__IOP_TYPE;
        fn keys(&self) -> ::std::vec::Vec<(&'static str, ::std::string::String)> {
            ::iop::__private::keys([("name", <String as ::iop::__private::KeyValue>::key(&self.name))])
        }
    }
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredMessage (& __IOP_TYPE) }
    const _: fn() = || {
        ::iop::__private::assert_upgrades_to::<Hello, _, _, _>(from_v1);
    };
};
