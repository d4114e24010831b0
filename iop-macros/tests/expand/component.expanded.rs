//! What comes of `component.rs`. Written by the tests in `src/tests.rs`.

#[doc = " Greets a name every few seconds."]
pub struct Clock {
    #[doc = " The pause between two calls."]
    call_interval: Duration,
    name: String,
    out: Target<Hello>,
    log: Option<Target<(Hello, Bye)>>,
    ticks: u64,
}
#[doc(hidden)]
#[doc = "What `production!` sets of `Clock`."]
#[allow(missing_debug_implementations, missing_docs, private_interfaces, reason = "generated")]
#[derive(::core::default::Default)]
pub struct ClockFields {
    #[doc = "The pause between two calls."]
    pub call_interval: ::iop::__private::SettingField<Duration>,
    #[doc = ""]
    pub name: ::iop::__private::SettingField<String>,
    #[doc = ""]
    pub out: ::iop::__private::TargetField<::iop::__private::Each<Hello>>,
    #[doc = ""]
    pub log: ::iop::__private::TargetField<(::iop::__private::Each<Hello>, ::iop::__private::Each<Bye>)>,
    #[doc = "When the first call is: `at_once` or `after_interval`."]
    pub first_call: ::iop::__private::SettingField<::iop::__private::FirstCall>,
}
const _: () = {
    #[automatically_derived]
    impl ::iop::__private::Fields for ClockFields {
        fn wiring(self) -> ::iop::__private::Wiring {
            let mut wiring = <::iop::__private::Wiring as ::core::default::Default>::default();
            wiring.setting("call_interval", self.call_interval);
            wiring.setting("name", self.name);
            wiring.target("out", self.out);
            wiring.target("log", self.log);
            wiring.setting("first_call", self.first_call);
            wiring
        }
    }
    static __IOP_TYPE: ::iop::__private::ComponentType = ::iop::__private::ComponentType::poll_service::<
        <Clock as ::iop::__private::Component>::This,
        _,
        _,
    >("Clock")
    .described(
        ::core::concat!(::core::module_path!(), "::Clock"),
        ::iop::__private::SourceLocation { file: ::core::file!(), line: ::core::line!() },
        "Greets a name every few seconds.",
    )
    .with(
        &[&[
            ::iop::__private::SettingDecl::of(
                <Duration as ::iop::__private::Setting>::KIND,
                "call_interval",
                "The pause between two calls.",
                ::core::option::Option::Some(|| ::iop::__private::default::<Duration, _>("5s")),
            ),
            ::iop::__private::SettingDecl::of(
                <String as ::iop::__private::Setting>::KIND,
                "name",
                "",
                ::core::option::Option::None,
            ),
        ]],
        &[
            ::iop::__private::TargetDecl::new::<Target<Hello>>("out", "", <Hello as ::iop::__private::Messages>::TYPES),
            ::iop::__private::TargetDecl::new::<Option<Target<(Hello, Bye)>>>(
                "log",
                "",
                &[<Hello as ::iop::__private::Message>::TYPE, <Bye as ::iop::__private::Message>::TYPE],
            ),
        ],
    );
    #[automatically_derived]
    impl ::iop::__private::Component for Clock {
        type This = <Clock as ::iop::__private::Handlers>::This;
        type Fields = ClockFields;
        const TYPE: &'static ::iop::__private::ComponentType = &__IOP_TYPE;
        fn build(config: &::iop::__private::ItemConfig) -> ::iop::__private::Result<Self> {
            let _ = config;
            ::core::result::Result::Ok(Self {
                call_interval: config.read(
                    "call_interval",
                    <Duration as ::iop::__private::Setting>::from_raw,
                    <Duration as ::iop::__private::Setting>::absent,
                    <Duration as ::iop::__private::Setting>::follow,
                )?,
                name: config.read(
                    "name",
                    <String as ::iop::__private::Setting>::from_raw,
                    <String as ::iop::__private::Setting>::absent,
                    <String as ::iop::__private::Setting>::follow,
                )?,
                out: config.target("out"),
                log: config.target("log"),
                ticks: <u64 as ::iop::__private::StartsAsDefault>::start(),
            })
        }
    }
    const _: fn(&Clock) = |component| <Duration as ::iop::__private::CallInterval>::is_read(&component.call_interval);
    const _: () = ::iop::__private::assert_text("Clock", &__IOP_TYPE, "call_interval", "5s");
    ::iop::__private::inventory::submit! {::iop::__private::RegisteredComponent (& __IOP_TYPE) }
};
