//! What the macros expand to, written by hand: the contract between `iop-macros` and `iop::__private`, and the proof
//! that productions need no macro and no link-time registration.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    reason = "it is written as macros write it"
)]

use iop::__private as p;
use iop::component::{Component, ComponentKind, Handles};
use iop::prelude::*;
use iop::production::Production;

// ---- #[message(response = Greeting)] pub struct Hello { #[key] pub name: String }

#[derive(p::serde::Serialize, p::serde::Deserialize, p::schemars::JsonSchema)]
#[serde(crate = "iop::__private::serde")]
#[schemars(crate = "iop::__private::schemars")]
pub struct Hello {
    pub name: String,
}

const _: () = {
    static TYPE: p::MessageType = p::MessageType::new::<Hello>(
        "Hello",
        1,
        concat!(module_path!(), "::Hello"),
        p::SourceLocation { file: file!(), line: line!() },
    )
    .with("", false, &["name"], &[]);

    impl p::Message for Hello {
        type Response = Greeting;
        const TYPE: &'static p::MessageType = &TYPE;

        fn keys(&self) -> Vec<(&'static str, String)> {
            [p::KeyValue::key(&self.name).map(|value| ("name", value))].into_iter().flatten().collect()
        }
    }

    p::inventory::submit! { p::RegisteredMessage(&TYPE) }
};

// ---- #[message] pub struct Greeting { pub text: String }

#[derive(p::serde::Serialize, p::serde::Deserialize, p::schemars::JsonSchema)]
#[serde(crate = "iop::__private::serde")]
#[schemars(crate = "iop::__private::schemars")]
pub struct Greeting {
    pub text: String,
}

const _: () = {
    static TYPE: p::MessageType = p::MessageType::new::<Greeting>(
        "Greeting",
        1,
        concat!(module_path!(), "::Greeting"),
        p::SourceLocation { file: file!(), line: line!() },
    );

    impl p::Message for Greeting {
        type Response = ();
        const TYPE: &'static p::MessageType = &TYPE;
    }

    p::inventory::submit! { p::RegisteredMessage(&TYPE) }
};

// ---- #[business_service(poll)] pub struct Clock { #[setting(default = "5s")] call_interval: Duration, #[target] out: Target<Hello> }

pub struct Clock {
    #[allow(dead_code, reason = "the engine reads the setting")]
    call_interval: Duration,
    out: Target<Hello>,
}

#[derive(Default)]
pub struct ClockFields {
    pub call_interval: p::SettingField<Duration>,
    pub out: p::TargetField<p::Each<Hello>>,
}

const _: () = {
    impl p::Fields for ClockFields {
        fn wiring(self) -> p::Wiring {
            let mut wiring = p::Wiring::default();
            wiring.setting("call_interval", self.call_interval);
            wiring.target("out", self.out);
            wiring
        }
    }

    static TYPE: p::ComponentType = p::ComponentType::poll_service::<Clock, _, _>("Clock")
        .described(concat!(module_path!(), "::Clock"), p::SourceLocation { file: file!(), line: line!() }, "")
        .with(
            &[&[p::SettingDecl::new::<Duration>("call_interval", "", Some(|| p::default::<Duration, _>("5s")))]],
            &[p::TargetDecl::new::<Target<Hello>>("out", "", <Hello as p::Messages>::TYPES)],
        );

    impl p::Component for Clock {
        type This = <Self as p::Handlers>::This;
        type Fields = ClockFields;
        const TYPE: &'static p::ComponentType = &TYPE;

        fn build(config: &p::ItemConfig) -> p::Result<Self> {
            Ok(Self { call_interval: config.setting("call_interval")?, out: config.target("out") })
        }
    }

    p::inventory::submit! { p::RegisteredComponent(&TYPE) }
};

// ---- #[handlers] impl Clock { … }

impl Clock {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        let greeting = cx.send_request_sync(&self.out, Hello { name: "world".into() }).await?;
        info!("{}", greeting.text);
        Ok(())
    }
}

const _: () = {
    impl p::Handlers for Clock {
        type This = Self;
        const TABLE: p::HandlerTable<Self> = p::HandlerTable::EMPTY.input(p::InputHandler::of::<Result>());
        const HANDLED: &'static [p::HandledMessage] = &[];
    }

    impl p::ProcessInput for Clock {
        type Input = ();
        type Returned = Result;

        async fn process_input(&mut self, (): (), cx: &mut Context) -> Self::Returned {
            Self::on_process_input(self, cx).await
        }
    }
};

// ---- #[business_operation] pub struct Greeter;

pub struct Greeter;

#[derive(Default)]
pub struct GreeterFields {}

const _: () = {
    impl p::Fields for GreeterFields {
        fn wiring(self) -> p::Wiring {
            p::Wiring::default()
        }
    }

    static TYPE: p::ComponentType = p::ComponentType::operation::<Greeter>("Greeter").described(
        concat!(module_path!(), "::Greeter"),
        p::SourceLocation { file: file!(), line: line!() },
        "",
    );

    impl p::Component for Greeter {
        type This = <Self as p::Handlers>::This;
        type Fields = GreeterFields;
        const TYPE: &'static p::ComponentType = &TYPE;

        fn build(_: &p::ItemConfig) -> p::Result<Self> {
            Ok(Self)
        }
    }

    impl p::Receives for Greeter {
        type Receiver = Self;
    }

    p::inventory::submit! { p::RegisteredComponent(&TYPE) }
};

// ---- #[handlers] impl Greeter { … }

impl Greeter {
    async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: format!("hello {}", hello.name) })
    }
}

const _: () = {
    impl p::Handlers for Greeter {
        type This = Self;
        const TABLE: p::HandlerTable<Self> =
            p::HandlerTable::EMPTY.handlers(&[p::MessageHandler::of::<Hello, Result<Greeting>>()], &[], &[]);
        const HANDLED: &'static [p::HandledMessage] =
            &p::handled::<Self, { <Greeter as p::Handlers>::TABLE.messages.len() }>();
    }

    impl p::Handles<Hello> for Greeter {
        type Returned = Result<Greeting>;

        async fn handle(&mut self, message: Hello, _: &mut Context) -> Self::Returned {
            Self::greet(self, message).await
        }
    }
};

// ---- production! { pub HelloWorld { clock: Clock { call_interval: "1s", out: greeter }, #[item(pool_size = 2)] greeter: Greeter {} } }

pub struct HelloWorld;

const _: () = {
    static GRAPH: p::Graph = p::Graph::new(
        "HelloWorld",
        "",
        p::SourceLocation { file: file!(), line: line!() },
        &[
            p::Item::new("clock", "", <Clock as p::Component>::TYPE, false),
            p::Item::new("greeter", "", <Greeter as p::Component>::TYPE, false),
        ],
        &[p::Route { from: 0, target: "out", to: 1 }],
    );

    impl p::Production for HelloWorld {
        const GRAPH: &'static p::Graph = &GRAPH;

        fn wiring() -> Vec<p::Wiring> {
            let mut clock = <Clock as p::Component>::Fields::default();
            p::set(&mut clock.call_interval, "1s");
            p::wire(&mut clock.out, p::route(p::placed::<Greeter>(), "greeter"));
            let greeter = <Greeter as p::Component>::Fields::default();
            let mut greeter_options = p::ItemOptions::default();
            p::set(&mut greeter_options.pool_size, 2);
            vec![p::wiring(clock, p::ItemOptions::default()), p::wiring(greeter, greeter_options)]
        }
    }

    const _: () = p::assert_wired("clock", <Clock as p::Component>::TYPE, &["call_interval", "out"]);
    const _: () = p::assert_reached(&GRAPH, 0);
    const _: () = p::assert_wired("greeter", <Greeter as p::Component>::TYPE, &[]);

    p::inventory::submit! { p::RegisteredProduction(&GRAPH) }
};

#[test]
fn a_production_written_by_hand_has_its_graph_and_its_wiring() {
    let graph = HelloWorld::GRAPH;
    assert_eq!(graph.items.iter().map(|item| item.name).collect::<Vec<_>>(), ["clock", "greeter"]);
    assert_eq!(graph.items[0].component.kind, ComponentKind::Service);
    let wiring = HelloWorld::wiring();
    assert_eq!(wiring[0].settings, [("call_interval", p::Raw::from("1s"))]);
    assert_eq!(wiring[0].targets, [("out", vec!["greeter"])]);
    assert_eq!(wiring[1].options, [("pool_size", p::Raw::from(2))]);
}

#[test]
fn what_is_linked_is_in_the_registry() {
    let registry = iop::production::Registry::linked().expect("no name twice");
    assert_eq!(registry.messages["Hello"].keys, ["name"]);
    assert_eq!(registry.components["Greeter"].name, <Greeter as Component>::TYPE.name);
    assert_eq!(registry.productions["HelloWorld"].routes.len(), 1);
    fn handles<C: Handles<Hello>>() {}
    handles::<Greeter>();
}
