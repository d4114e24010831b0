//! What comes of `message.rs`. Written by the tests in `src/tests.rs`.

#[derive(
    ::iop::__private::serde::Serialize,
    ::iop::__private::serde::Deserialize,
    ::iop::__private::schemars::JsonSchema,
)]
#[serde(crate = "::iop::__private::serde")]
#[schemars(crate = "::iop::__private::schemars")]
#[doc = " Asks for a greeting."]
pub struct Hello {
    pub name: String,
    pub born: Option<String>,
}
const _: () = {
    static TYPE: ::iop::__private::MessageType = ::iop::__private::MessageType::new::<Hello>(
        "hello",
        2,
        ::core::concat!(::core::module_path!(), "::Hello"),
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
    )
    .with("Asks for a greeting.", false, &["name"], &["born"]);
    #[automatically_derived]
    impl ::iop::__private::Message for Hello {
        type Response = Greeting;
        const TYPE: &'static ::iop::__private::MessageType = &TYPE;
        fn keys(&self) -> ::std::vec::Vec<(&'static str, ::std::string::String)> {
            ::iop::__private::keys([("name", <String as ::iop::__private::KeyValue>::key(&self.name))])
        }
    }
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredMessage (& TYPE) }
};
