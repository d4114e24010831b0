//! What comes of `message_with_parts.rs`. Written by the tests in `src/tests.rs`.

#[derive(::iop::__private::serde::Serialize, ::iop::__private::serde::Deserialize)]
#[serde(
    crate = "::iop::__private::serde",
    remote = "Self",
    bound(
        serialize = "for<'x> Vec < (Ward , u8) >: ::iop::__private::Stored<'x>, for<'x> Ward: ::iop::__private::Stored<'x>",
        deserialize = "for<'x> Vec < (Ward , u8) >: ::iop::__private::serde::Deserialize<'x>, for<'x> Ward: ::iop::__private::serde::Deserialize<'x>"
    )
)]
#[doc = " Somebody comes."]
#[derive(Clone)]
#[serde(rename_all = "camelCase")]
pub struct Admit {
    pub mrn: String,
    #[doc = " Where to."]
    #[serde(serialize_with = "::iop::__private::write_stored")]
    pub ward: Ward,
    #[serde(default)]
    #[serde(serialize_with = "::iop::__private::write_stored")]
    pub earlier: Vec<(Ward, u8)>,
}
#[automatically_derived]
#[allow(deprecated)]
impl ::core::fmt::Debug for Admit {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        match self {
            Self { mrn: field_0, ward: field_1, earlier: _ } => {
                let mut shown = f.debug_struct("Admit");
                shown.field("mrn", field_0);
                shown.field("ward", field_1);
                shown.field("earlier", &::iop::__private::MASKED);
                shown.finish()
            }
        }
    }
}
const _: () = {
    #[allow(unused_imports)]
    use ::iop::__private::Otherwise as _;
    #[automatically_derived]
    #[allow(unconditional_recursion)]
    impl ::iop::__private::serde::Serialize for Admit {
        fn serialize<__S: ::iop::__private::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            Self::serialize(self, serializer)
        }
    }
    #[automatically_derived]
    #[allow(unconditional_recursion)]
    impl<'de> ::iop::__private::serde::Deserialize<'de> for Admit {
        fn deserialize<__D: ::iop::__private::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            Self::deserialize(deserializer)
        }
    }
    #[allow(dead_code)]
    #[derive(::iop::__private::schemars::JsonSchema)]
    #[schemars(
        crate = "::iop::__private::schemars",
        rename = "Admit",
        bound = "for<'x> Vec < (Ward , u8) >: ::iop::__private::Stored<'x>, for<'x> Ward: ::iop::__private::Stored<'x>"
    )]
    #[doc = " Somebody comes."]
    #[serde(rename_all = "camelCase")]
    struct __Schema<const BOUND: bool> {
        # [schemars (extend ("x-iop-key" = true))]
        pub mrn: String,
        #[doc = " Where to."]
        #[schemars(with = "::iop::__private::SchemaOf<Ward>")]
        pub ward: Ward,
        #[serde(default)]
        # [schemars (extend ("x-iop-sensitive" = true))]
        #[schemars(with = "::iop::__private::SchemaOf<Vec < (Ward , u8) >>")]
        pub earlier: Vec<(Ward, u8)>,
    }
    #[automatically_derived]
    impl ::iop::__private::schemars::JsonSchema for Admit {
        fn schema_name() -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Borrowed("Admit")
        }
        fn schema_id() -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", "Admit"))
        }
        fn json_schema(
            generator: &mut ::iop::__private::schemars::SchemaGenerator,
        ) -> ::iop::__private::schemars::Schema {
            ::iop::__private::Asked::<__Schema<true>>::json_schema(generator)
        }
    }
    ::iop::__private::assert_part::<Ward>();
    ::iop::__private::assert_part::<Ward>();
    ::iop::__private::assert_held(
        "Vec<(Ward, u8)>",
        ::iop::__private::Asked::<Vec<(Ward, u8)>>::STORED,
        &[::iop::__private::Asked::<Ward>::STORED],
    );
};
const _: () = {
    static __IOP_TYPE: ::iop::__private::MessageType = ::iop::__private::MessageType::new::<Admit>(
        "Admit",
        1,
        ::core::concat!(::core::module_path!(), "::Admit"),
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
    )
    .with("Somebody comes.", false, &["mrn"], &["earlier"]);
    #[automatically_derived]
    impl ::iop::__private::Message for Admit {
        type Response = ();
        const TYPE: &'static ::iop::__private::MessageType = &__IOP_TYPE;
        fn keys(&self) -> ::std::vec::Vec<(&'static str, ::std::string::String)> {
            ::iop::__private::keys([("mrn", <String as ::iop::__private::KeyValue>::key(&self.mrn))])
        }
    }
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredMessage (& __IOP_TYPE) }
};
