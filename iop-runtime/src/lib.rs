//! Interoperability productions: typed, stored messages between components whose wiring the compiler checks.

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the head of a module is for those who read its source; on the web such a link is plain text"
)]

extern crate self as iop;

#[doc(hidden)]
pub mod __private;
pub mod adapter;
mod cli;
pub mod clock;
pub mod component;
pub mod console;
pub mod director;
pub mod engine;
pub mod events;
#[cfg(feature = "hl7")]
pub mod hl7;
pub mod lookup;
pub mod message;
#[cfg(feature = "otel")]
pub mod otel;
pub mod picture;
pub mod production;
pub mod replay;
pub mod search;
pub mod settings;
pub mod store;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod traces;

pub use cli::run;
/// A struct or enum becomes a message: it is stored and sent as JSON, and found in the catalogue by its name.
///
/// | argument | |
/// |---|---|
/// | `response = Type` | what a handler of it returns; without it a handler returns plain `Result` |
/// | `name = "…"` | the name that the store keeps, instead of the struct's; it outlives a renamed struct |
/// | `version = 2` | of the form of the body, 1 by default; kept with each stored message |
/// | `transient` | kept in memory only, lost with the process |
/// | `part` | no message itself: a type that stands in messages, which gets serde and JSON Schema only |
///
/// | on a field | |
/// |---|---|
/// | `#[key]` | its text finds the message in the store |
/// | `#[key(hashed)]` | the same, and the index has only a hash of the text |
/// | `#[sensitive]` | masked in logs and on the command line |
///
/// `serde` and `schemars` are derived; attributes of both may stand on the type and its fields. Doc comments are shown in
/// the catalogue.
///
/// ```
/// use iop::prelude::*;
///
/// /// A sample has arrived.
/// #[message(response = Receipt, name = "lab.sample", version = 2)]
/// pub struct Sample {
///     #[key]
///     pub number: String,
///     #[sensitive]
///     pub patient: Option<String>,
/// }
///
/// #[message]
/// pub struct Receipt {
///     pub shelf: u32,
/// }
///
/// let sample = Sample { number: "A-17".into(), patient: None };
/// assert_eq!(Sample::TYPE.name, "lab.sample");
/// assert_eq!(sample.keys(), [("number", "A-17".to_owned())]);
/// ```
#[doc(inline)]
pub use iop_macros::message;
pub use message::{Alert, AlertKind, AlertPhase};

/// A struct becomes a business service: it brings messages in.
///
/// | argument | `on_process_input` in its [`#[handlers]`](handlers) |
/// |---|---|
/// | none | takes a message and returns its response; the [director] and the HTTP entrance call it |
/// | `poll` | takes nothing; called every `call_interval` (by default 5 seconds) |
/// | `adapter = Type` | takes what the [adapter] brings; the adapter's settings are the item's |
///
/// `name = "…"` is its name in the catalogue, instead of the struct's.
///
/// | on a field | |
/// |---|---|
/// | `#[setting]`, `#[setting(default = …)]` | a [setting](settings) of the item; without a default it must be given, unless it is an `Option` |
/// | `#[target]` | a [`Target`](component::Target) that must be wired, an `Option` of one, or [`Targets`](component::Targets) for a list |
/// | `#[target(when = "…")]` | the same, and the graph says which messages go there |
/// | `#[target(async)]` | the same, and nothing waits for the response to what is sent through it: no circle of waiting calls can go through it |
/// | none | starts as `Default` in each worker and is never stored |
///
/// ```
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Tick {
///     pub number: u64,
/// }
///
/// /// Counts.
/// #[business_service(poll)]
/// pub struct Clock {
///     #[setting(default = "1s")]
///     call_interval: Duration,
///     #[setting(default = 1)]
///     step: u64,
///     #[target]
///     out: Target<Tick>,
///     number: u64,
/// }
///
/// #[handlers]
/// impl Clock {
///     async fn on_process_input(&mut self, cx: &mut Context) -> Result {
///         self.number += self.step;
///         cx.send_request_async(&self.out, Tick { number: self.number }).await?;
///         Ok(())
///     }
/// }
///
/// use iop::component::Component;
/// let settings: Vec<&str> = Clock::TYPE.all_settings().map(|setting| setting.name).collect();
/// assert_eq!(settings[..2], ["call_interval", "step"]);
/// assert_eq!(Clock::TYPE.targets[0].name, "out");
/// ```
#[doc(inline)]
pub use iop_macros::business_service;

/// A struct becomes a business process: it orchestrates.
///
/// Its fields are those of a [service](business_service), and `#[state]`: what a process keeps of one request from turn
/// to turn. It is stored with the request, and starts as `Default` for each. `name = "…"` is its name in the catalogue.
///
/// With `correlate = field` it gathers: all messages of one value of that `#[key]`, whichever requests they come from, work
/// on one state, one after the other, until [`cx.end_group()`](component::Context::end_group).
///
/// A handler that returns [`Pending`](component::Pending) is done before its request is: no worker waits while the
/// responses come to `on_response`, and when the last has come `on_complete` gives the response of the request.
///
/// ```
/// use iop::prelude::*;
///
/// #[message(response = Price)]
/// pub struct Ask {
///     pub article: String,
/// }
///
/// #[message]
/// pub struct Price {
///     pub cents: u32,
/// }
///
/// /// Asks every shop, and gives the lowest price.
/// #[business_process]
/// pub struct Compare {
///     #[target]
///     shops: Targets<Ask>,
///     #[state]
///     lowest: Option<u32>,
/// }
///
/// #[handlers]
/// impl Compare {
///     async fn ask(&mut self, ask: Ask, cx: &mut Context) -> Result<Pending> {
///         for shop in &self.shops {
///             cx.send_request_async(shop, Ask { article: ask.article.clone() }).await?;
///         }
///         Ok(Pending)
///     }
///
///     async fn on_response(&mut self, price: Response<Ask>) -> Result {
///         let cents = price.result?.cents;
///         self.lowest = Some(self.lowest.map_or(cents, |lowest| lowest.min(cents)));
///         Ok(())
///     }
///
///     async fn on_complete(&mut self, _ask: Ask) -> Result<Price> {
///         self.lowest.map(|cents| Price { cents }).ok_or_else(|| Error::fatal("no shop has it"))
///     }
/// }
///
/// use iop::component::Component;
/// assert!(Compare::TYPE.targets[0].many);
/// ```
#[doc(inline)]
pub use iop_macros::business_process;

/// A struct becomes a business operation: it acts on the outside.
///
/// Its fields are those of a [service](business_service). `effect = "…"` says what a second execution of the same message does
/// outside: `"idempotent"` the same as the first, `"keyed"` nothing, since the outside knows the idempotency key,
/// `"at_most_once"` harm; see [`Effect`](component::Effect). `errors = Type` declares a table of what its errors mean, see
/// [`Classify`](component::Classify). `name = "…"` is its name in the catalogue. It is called when its message is committed, and at least
/// once: [`cx.idempotency_key()`](component::Context::idempotency_key) is the same on every attempt.
///
/// ```
/// use iop::prelude::*;
///
/// #[message]
/// pub struct Line {
///     pub text: String,
/// }
///
/// /// Prints.
/// #[business_operation]
/// pub struct Printer {
///     #[setting(default = "lab")]
///     title: String,
/// }
///
/// #[handlers]
/// impl Printer {
///     async fn line(&mut self, line: Line) -> Result {
///         println!("{}: {}", self.title, line.text);
///         Ok(())
///     }
/// }
///
/// use iop::component::Component;
/// assert_eq!((Printer::TYPE.handles)()[0].name, "Line");
/// ```
#[doc(inline)]
pub use iop_macros::business_operation;

/// The async functions of a component's impl become its hooks and handlers. Helpers stand in another impl.
///
/// A **handler** may have any name that does not begin with `on_`. It is chosen by the type of its message, and returns
/// `Result` with the response that the message names. **Hooks** are these:
///
/// | | called |
/// |---|---|
/// | `on_init(&mut self)` | before the first message, in each worker |
/// | `on_teardown(&mut self)` | after the last |
/// | `on_check(&self)` | by `check --connect`, without `on_init`: whether what it needs outside can be reached; it takes no context |
/// | `on_process_input(&mut self, …)` | of a [service](business_service), with what comes from outside |
/// | `on_message(&mut self, message: M)` | like a handler, under the name that it has elsewhere |
/// | `on_response…(&mut self, response: Response<M>)` | of a [process](business_process), when a response has come |
/// | `on_complete…(&mut self, request: M)` | of a process, when the last has; returns the response of `M` |
///
/// Every function may take `cx: &mut Context` last. An error is retried and, in the end, suspends its message.
///
/// ```
/// use iop::prelude::*;
///
/// #[message(response = Greeting)]
/// pub struct Hello {
///     pub name: String,
/// }
///
/// #[message]
/// pub struct Greeting {
///     pub text: String,
/// }
///
/// #[business_operation]
/// pub struct Greeter {
///     greeted: u32,
/// }
///
/// #[handlers]
/// impl Greeter {
///     async fn on_init(&mut self, cx: &mut Context) -> Result {
///         info!("{} is ready", cx.item());
///         Ok(())
///     }
///
///     async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
///         self.greeted += 1;
///         Ok(Greeting { text: Self::text(&hello.name) })
///     }
/// }
///
/// impl Greeter {
///     fn text(name: &str) -> String {
///         format!("hello {name}")
///     }
/// }
///
/// assert_eq!(Greeter::text("world"), "hello world");
/// ```
#[doc(inline)]
pub use iop_macros::handlers;

/// Declares a production: its items, their settings, and the routes from target to item.
///
/// An item is written like a struct: `name: Component { setting: value, target: item }`. A bare lower-case name is an
/// item, `[a, b]` a list of them, anything else the value of a setting; a constant stands in braces, `{ limit }`.
/// What the engine needs to know of an item stands in front of it, `#[item(…)]`:
///
/// | | |
/// |---|---|
/// | `standalone` | no route reaches it, on purpose |
/// | `pool_size = 2` | its workers; one keeps the order of its queue |
/// | `order = fifo`, `order = key(field)`, `order = none` | the order in which its messages are worked on |
/// | `failing = block`, `failing = park_key`, `failing = suspend` | what a message that keeps failing does to those behind it; an ordered item says so |
/// | `max_hops = 10` | how often one chain of messages may come here; it makes a circle of routes end |
/// | `tap = item`, `tap_responses = item` | copies of what it receives, or answers, go to another item, beside the flow |
/// | `enabled = false` | it does not start with the production |
/// | `timeout`, `attempts`, `backoff`, `backoff_cap`, `request_timeout` | see [`ItemOptions`](component::ItemOptions) |
///
/// Between items, statements say what must hold of the whole:
///
/// | | |
/// |---|---|
/// | `require order key(mrn) from admit to lab;` | on every way from the one item to the other, messages of one `mrn` keep their order; or `fifo`, for all of them |
/// | `alerts to pager;` | the item that [alerts](Alert) are sent to; `alerts none;` where nobody shall be told |
///
/// What is wrong with the wiring does not compile, all of it in one run.
///
/// ```
/// use iop::prelude::*;
/// # #[message] pub struct Tick {}
/// # #[business_service(poll)] pub struct Clock { #[target] out: Target<Tick> }
/// # #[handlers] impl Clock { async fn on_process_input(&mut self, cx: &mut Context) -> Result {
/// #     cx.send_request_async(&self.out, Tick {}).await?; Ok(())
/// # } }
/// # #[business_operation] pub struct Counter { #[setting(default = 0)] start: u64 }
/// # #[handlers] impl Counter { async fn tick(&mut self, _: Tick) -> Result { self.start += 1; Ok(()) } }
///
/// production! {
///     /// Counts what a clock ticks.
///     pub Counting {
///         clock: Clock { call_interval: "1s", out: counter },
///         #[item(pool_size = 2)]
///         counter: Counter { start: 100 },
///     }
/// }
///
/// // `fn main() -> ExitCode { iop::run::<Counting>() }` is the whole program.
/// use iop::production::Production;
/// let graph = Counting::GRAPH;
/// assert_eq!(graph.doc, "Counts what a clock ticks.");
/// assert_eq!((graph.items[0].name, graph.items[1].name), ("clock", "counter"));
/// assert_eq!((graph.routes[0].target, graph.routes[0].to), ("out", 1));
/// ```
#[doc(inline)]
pub use iop_macros::production;

/// A content router: a process whose whole work is a `match`.
///
/// It sees the message, and sends it to the targets that the arm names, without waiting. That every case has an arm is
/// checked as for any `match`: a table that forgets one does not compile, and neither does one over texts or numbers without
/// a last arm `otherwise`. The arms are its targets in `production!`, and stand beside the lines of the graph.
///
/// ```
/// use iop::prelude::*;
///
/// #[message(part)]
/// #[derive(Clone, Copy)]
/// pub enum Class { Quake, Blast, Noise }
///
/// #[message]
/// pub struct Event { pub class: Class, pub magnitude: f64 }
///
/// router! {
///     /// Sends each event to those who want it.
///     pub ByClass(event: &Event) {
///         match event.class {
///             Class::Quake if event.magnitude >= 5.0 => [quakes, alerts],
///             Class::Quake => quakes,
///             Class::Blast => suspend,    // waits for a person
///             Class::Noise => discard,    // goes nowhere, and the log says so
///         }
///     }
/// }
/// # #[business_operation] pub struct Table {}
/// # #[handlers] impl Table { async fn keep(&mut self, _: Event) -> Result { Ok(()) } }
///
/// production! {
///     pub Watch {
///         #[item(standalone)]
///         router: ByClass { quakes: table, alerts: pager },
///         table: Table {},
///         pager: Table {},
///     }
/// }
/// # use iop::production::{GraphDocument, Production};
/// let graph = GraphDocument::of(Watch::GRAPH, &Watch::wiring());
/// assert_eq!(graph.routes[1].label(), "alerts: Event when Class::Quake if event.magnitude >= 5.0");
/// ```
///
/// With `-> Response` behind the message, the router waits for the response of the one item that it asks, and gives it.
///
/// Where items are chosen by a table that is data, [`Targets::choose`](component::Targets::choose) does the same at run
/// time.
#[doc(inline)]
pub use iop_macros::router;

/// What a production's source file needs.
pub mod prelude {
    pub use std::process::ExitCode;
    pub use std::time::Duration;

    pub use tracing::{debug, error, info, trace, warn};

    // Not by way of this crate: its modules `message` and `production` would come along.
    pub use iop_macros::{
        business_operation, business_process, business_service, handlers, message, production, router,
    };

    pub use crate::component::{
        Call, CallResult, Classify, Context, DeferredResponse, Disposition, Error, Pending, Piece, Pieces, Replied,
        RequestError, Response, Result, Target, Targets, Timer, gather,
    };
    pub use crate::message::{Blob, Message, MessageId, Priority, SessionId};
}
