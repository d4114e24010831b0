//! What a component is: the trait that its attribute implements, and the description that it registers.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{
    AdapterInput, Answered, Classify, Context, Effect, Error, ErrorTable, Fields, HandledMessage, HandlerTable,
    Handlers, PlainInput, PollInput, ProcessInput, Result, Timer,
};
use crate::adapter::{AdapterDriver, DynAdapter, InboundAdapter, Inputs};
use crate::message::{Decoded, MessageType, SourceLocation};
use crate::settings::{Feed, Raw, Setting, SettingDecl};

/// What a component is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// Brings messages in.
    Service,
    /// Orchestrates.
    Process,
    /// Acts on the outside.
    Operation,
}

impl ComponentKind {
    /// The word in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Process => "process",
            Self::Operation => "operation",
        }
    }
}

/// A type with `#[business_service]`, `#[business_process]` or `#[business_operation]`. Never implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    label = "not a component",
    note = "put `#[business_service]`, `#[business_process]` or `#[business_operation]` on `{Self}` [iop E06]"
)]
pub trait Component: Sized + Send + 'static {
    /// The type itself. Where `Self` is not a component, or has no handlers, this is unknown to rustc, which then keeps quiet
    /// about what follows from it: one mistake, one error.
    type This: Handlers;
    /// The settings and targets as `production!` fills them in, under the names of the fields.
    type Fields: Fields;
    /// The registered description.
    const TYPE: &'static ComponentType;

    /// A fresh instance for one worker.
    ///
    /// # Errors
    /// Where a setting cannot be read; start has already checked that it can.
    fn build(config: &ItemConfig) -> Result<Self>;

    /// Sets the `#[state]` fields to their defaults.
    fn reset_state(&mut self) {}

    /// The `#[state]` fields as JSON.
    ///
    /// # Errors
    /// Where a field cannot be serialised.
    fn save_state(&self) -> Result<Bytes> {
        Ok(Bytes::from_static(b"{}"))
    }

    /// Sets the `#[state]` fields from JSON.
    ///
    /// # Errors
    /// Where a field does not fit.
    fn load_state(&mut self, data: &[u8]) -> Result {
        let _ = data;
        Ok(())
    }
}

/// A declared outlet of a component.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TargetDecl {
    /// The field's name.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// Must be wired.
    pub required: bool,
    /// May take several items.
    pub many: bool,
    /// `#[target(async)]`: nothing waits on it.
    pub never_awaited: bool,
    /// `#[target(when = "…")]`: what a message must be like to go this way, for people.
    pub when: &'static str,
    /// The message types that it carries.
    pub messages: &'static [&'static MessageType],
}

impl TargetDecl {
    /// Describes the field `name` of type `T` (`Target<…>`, `Option<Target<…>>` or `Targets<…>`), which carries
    /// `messages`.
    #[must_use]
    pub const fn new<T: super::TargetDeclared>(
        name: &'static str,
        doc: &'static str,
        messages: &'static [&'static MessageType],
    ) -> Self {
        Self { name, doc, required: T::REQUIRED, many: T::MANY, never_awaited: false, when: "", messages }
    }

    /// `#[target(when = "…")]`.
    #[must_use]
    pub const fn when(mut self, when: &'static str) -> Self {
        self.when = when;
        self
    }

    /// `#[target(async)]`.
    #[must_use]
    pub const fn never_awaited(mut self) -> Self {
        self.never_awaited = true;
        self
    }
}

/// How input reaches a component.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Entrance {
    /// Through its queue: processes and operations.
    Queue,
    /// Through the director, one message type, over its queue.
    Director {
        /// What `on_process_input` takes.
        message: &'static MessageType,
    },
    /// Its worker calls `on_process_input` every `call_interval`.
    Poll,
    /// An adapter brings input.
    Adapter(AdapterEntrance),
}

/// What the engine needs to know of an adapter.
#[derive(Debug, Clone, Copy)]
pub struct AdapterEntrance {
    /// How its inputs come.
    pub inputs: Inputs,
    pub(crate) build: fn(&ItemConfig) -> Result<Box<dyn DynAdapter>>,
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "Queue",
            Self::Director { .. } => "Director",
            Self::Poll => "Poll",
            Self::Adapter(_) => "Adapter",
        })
    }
}

/// The registered description of a component.
#[derive(Debug)]
#[non_exhaustive]
pub struct ComponentType {
    /// The name in the catalogue: the struct's.
    pub name: &'static str,
    /// What it is for.
    pub kind: ComponentKind,
    /// The Rust path, for people.
    pub rust_path: &'static str,
    /// Where its attribute stands.
    pub location: SourceLocation,
    /// The doc comment.
    pub doc: &'static str,
    /// Its settings, those of its adapter included.
    pub settings: &'static [&'static [SettingDecl]],
    /// Its targets.
    pub targets: &'static [TargetDecl],
    /// What a second execution of one message does outside.
    pub effect: Effect,
    /// The table of its errors, where it declares one.
    pub errors: Option<ErrorTable>,
    /// The `#[key]` by which a process gathers messages; `None` where each request is worked on by itself.
    pub correlate: Option<&'static str>,
    /// How input reaches it.
    pub entrance: Entrance,
    /// The message types that it handles.
    pub handles: fn() -> Vec<&'static MessageType>,
    /// The same of a process or operation, for constant functions.
    pub(crate) handled: &'static [HandledMessage],
    pub(crate) handles_something: bool,
    /// The hook by which it does something when responses come, or timers go off, in the order in which they do.
    pub(crate) calls_back: Option<&'static str>,
    /// It answers in `on_complete`, when what it has sent is answered.
    pub(crate) completes: bool,
    pub(crate) build: fn(&ItemConfig) -> Result<Box<dyn Instance>>,
}

impl ComponentType {
    const fn new<C: Handlers>(name: &'static str, kind: ComponentKind, entrance: Entrance) -> Self {
        Self {
            name,
            kind,
            rust_path: name,
            location: SourceLocation { file: "", line: 0 },
            doc: "",
            settings: &[],
            targets: &[],
            effect: Effect::Unsaid,
            errors: None,
            correlate: None,
            entrance,
            handles: || C::HANDLED.iter().map(|handled| handled.message).collect(),
            handled: C::HANDLED,
            handles_something: !C::HANDLED.is_empty() || C::TABLE.incomplete,
            calls_back: C::TABLE.hook_of_callbacks(),
            completes: C::TABLE.completes(),
            build: |config| Ok(Box::new(Typed::<C> { component: C::build(config)?, table: PhantomData })),
        }
    }

    /// A service that the director calls. What its `on_process_input` takes and returns are parameters of their own, so
    /// that a service without one is told that, and not also that what it takes is wrong.
    #[must_use]
    pub const fn plain_service<C, I, R>(name: &'static str) -> Self
    where
        C: ProcessInput<Input = I, Returned = R>,
        (I, R): PlainInput<C>,
    {
        let message = <(I, R) as PlainInput<C>>::MESSAGE;
        let mut this = Self::new::<C>(name, ComponentKind::Service, Entrance::Director { message });
        this.handles = || vec![<(I, R) as PlainInput<C>>::MESSAGE];
        this
    }

    /// A service that is called in intervals.
    #[must_use]
    pub const fn poll_service<C, I, R>(name: &'static str) -> Self
    where
        C: ProcessInput<Input = I, Returned = R>,
        (I, R): PollInput<C>,
    {
        Self::new::<C>(name, ComponentKind::Service, Entrance::Poll)
    }

    /// A service behind an adapter.
    #[must_use]
    pub const fn adapter_service<A, C, I, R>(name: &'static str) -> Self
    where
        A: InboundAdapter,
        C: ProcessInput<Input = I, Returned = R>,
        (I, R): AdapterInput<C, A, A::Input>,
    {
        Self::new::<C>(
            name,
            ComponentKind::Service,
            Entrance::Adapter(AdapterEntrance {
                inputs: A::INPUTS,
                build: |config| Ok(Box::new(AdapterDriver::new(A::build(config)?))),
            }),
        )
    }

    /// A process.
    #[must_use]
    pub const fn process<C: Handlers>(name: &'static str) -> Self {
        Self::new::<C>(name, ComponentKind::Process, Entrance::Queue)
    }

    /// An operation.
    #[must_use]
    pub const fn operation<C: Handlers>(name: &'static str) -> Self {
        Self::new::<C>(name, ComponentKind::Operation, Entrance::Queue)
    }

    /// Without its settings and targets: for what answers in its place.
    pub(crate) const fn bare(&self) -> Self {
        Self { settings: &[], targets: &[], ..*self }
    }

    /// Adds where it stands and what it says of itself.
    #[must_use]
    pub const fn described(mut self, rust_path: &'static str, location: SourceLocation, doc: &'static str) -> Self {
        self.rust_path = rust_path;
        self.location = location;
        self.doc = doc;
        self
    }

    /// Adds settings and targets.
    #[must_use]
    pub const fn with(mut self, settings: &'static [&'static [SettingDecl]], targets: &'static [TargetDecl]) -> Self {
        self.settings = settings;
        self.targets = targets;
        self
    }

    /// Sets what a second execution does outside.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// What the errors of type `E` mean that leave its handlers.
    #[must_use]
    pub const fn errors<E: Classify>(mut self) -> Self {
        self.errors = Some(ErrorTable::of::<E>());
        self
    }

    /// Gathers the messages of one value of the `#[key]` field `key`.
    #[must_use]
    pub const fn correlate(mut self, key: &'static str) -> Self {
        self.correlate = Some(key);
        self
    }

    /// Every setting in the order of declaration. Where the component declares a setting of its adapter itself, its own
    /// counts.
    pub fn all_settings(&self) -> impl Iterator<Item = &'static SettingDecl> + use<> {
        let groups = self.settings;
        groups.iter().enumerate().flat_map(move |(index, group)| {
            let is_taken = move |name| groups[..index].iter().any(|earlier| earlier.iter().any(|one| one.name == name));
            group.iter().filter(move |setting| !is_taken(setting.name))
        })
    }
}

/// The effective settings and routes of an item, as an instance is built from them.
#[derive(Debug, Clone, Default)]
pub struct ItemConfig {
    /// The item.
    pub item: Arc<str>,
    /// Effective values by setting, defaults included.
    pub settings: HashMap<&'static str, Raw>,
    /// Index and name of the items behind each target.
    pub targets: HashMap<&'static str, Vec<(usize, Arc<str>)>>,
    /// Where its instances learn of later values.
    #[doc(hidden)]
    pub feed: Arc<Feed>,
    /// What its instances have in common.
    #[doc(hidden)]
    pub shared: Shared,
}

/// What the instances of an item have in common, while there is one of them.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Option<Weak<dyn Any + Send + Sync>>>>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl ItemConfig {
    /// What all workers of the item use together, such as a listening socket: made by the first that asks, and gone with the
    /// last that holds it. What is not `usable` any more is made anew.
    pub fn shared<T: Send + Sync + 'static>(
        &self,
        usable: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut shared = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = shared.as_ref().and_then(Weak::upgrade).and_then(|there| there.downcast::<T>().ok());
        if let Some(there) = there.filter(|there| usable(there)) {
            return there;
        }
        let made = Arc::new(make());
        let weak: Weak<T> = Arc::downgrade(&made);
        *shared = Some(weak);
        made
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// Where there is none or it does not fit; start refuses both before anything is built.
    pub fn setting<T: Setting>(&self, name: &'static str) -> Result<T> {
        self.read(name, T::from_raw, T::absent, T::follow)
    }

    /// The value of a setting whose type is known by how it is read: what generated code calls.
    ///
    /// # Errors
    /// See [`setting`](Self::setting).
    #[doc(hidden)]
    pub fn read<T>(
        &self,
        name: &'static str,
        from_raw: fn(&Raw) -> Result<T, String>,
        absent: fn() -> Option<T>,
        follow: fn(&mut T, &'static str, &Feed),
    ) -> Result<T> {
        let mut value = match self.settings.get(name) {
            Some(raw) => {
                from_raw(raw).map_err(|error| Error::fatal(format!("setting `{}.{name}`: {error}", self.item)))?
            }
            None => absent().ok_or_else(|| Error::fatal(format!("setting `{}.{name}` is missing", self.item)))?,
        };
        follow(&mut value, name, &self.feed);
        Ok(value)
    }

    /// The routes of a target.
    #[must_use]
    pub fn target<T: super::TargetDeclared>(&self, name: &'static str) -> T {
        let routes = self.targets.get(name).map(Vec::as_slice).unwrap_or_default();
        T::wired(routes)
    }
}

/// A component instance with its type erased: what a worker of the engine drives. What is not written has no hook and no
/// state.
pub trait Instance: Send {
    /// `on_init`.
    fn init<'a>(&'a mut self, cx: &'a mut Context) -> BoxFuture<'a, Result> {
        let _ = cx;
        Box::pin(std::future::ready(Ok(())))
    }
    /// `on_teardown`.
    fn teardown<'a>(&'a mut self, cx: &'a mut Context) -> BoxFuture<'a, Result> {
        let _ = cx;
        Box::pin(std::future::ready(Ok(())))
    }
    /// `on_check`; `None` where there is none.
    fn check(&mut self) -> Option<BoxFuture<'_, Result>> {
        None
    }
    /// The handler of a message type; `None` where there is none.
    fn handle<'a>(
        &'a mut self,
        message: &MessageType,
        value: Decoded,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>>;
    /// `on_process_input`; `None` where there is none.
    fn process_input<'a>(
        &'a mut self,
        input: Box<dyn Any + Send>,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let _ = (input, cx);
        None
    }
    /// `on_response` for the call's message type; `None` where there is none.
    fn respond<'a>(
        &'a mut self,
        call: &str,
        response: super::handlers::ErasedResponse,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result>> {
        let _ = (call, response, cx);
        None
    }
    /// `on_complete` for the request's message type; `None` where there is none.
    fn complete<'a>(
        &'a mut self,
        request: &str,
        body: Bytes,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let _ = (request, body, cx);
        None
    }
    /// `on_timer`; `None` where there is none.
    fn timer<'a>(&'a mut self, timer: Timer, cx: &'a mut Context) -> Option<BoxFuture<'a, Result>> {
        let _ = (timer, cx);
        None
    }
    /// The type of a message that the component handles, by its stored name.
    fn message_type(&self, name: &str) -> Option<&'static MessageType>;
    /// Sets the state to its defaults.
    fn reset_state(&mut self) {}
    /// The state as JSON.
    ///
    /// # Errors
    /// See [`Component::save_state`].
    fn save_state(&self) -> Result<Bytes> {
        Ok(Bytes::from_static(b"{}"))
    }
    /// Sets the state.
    ///
    /// # Errors
    /// See [`Component::load_state`].
    fn load_state(&mut self, data: &[u8]) -> Result {
        let _ = data;
        Ok(())
    }
}

/// An instance that a test has made.
#[cfg(feature = "testing")]
pub(crate) fn instance_of<C: Handlers>(component: C) -> Box<dyn Instance> {
    Box::new(Typed { component, table: PhantomData })
}

struct Typed<C: 'static> {
    component: C,
    table: PhantomData<HandlerTable<C>>,
}

impl<C: Handlers> Instance for Typed<C> {
    fn check(&mut self) -> Option<BoxFuture<'_, Result>> {
        Some(C::TABLE.check?(&mut self.component))
    }

    fn init<'a>(&'a mut self, cx: &'a mut Context) -> BoxFuture<'a, Result> {
        match C::TABLE.init {
            Some(hook) => hook(&mut self.component, cx),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn teardown<'a>(&'a mut self, cx: &'a mut Context) -> BoxFuture<'a, Result> {
        match C::TABLE.teardown {
            Some(hook) => hook(&mut self.component, cx),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn handle<'a>(
        &'a mut self,
        message: &MessageType,
        value: Decoded,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let handler = C::TABLE.messages.iter().find(|handler| handler.message.name == message.name)?;
        Some((handler.call)(&mut self.component, value, cx))
    }

    fn process_input<'a>(
        &'a mut self,
        input: Box<dyn Any + Send>,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        Some((C::TABLE.input.as_ref()?.call)(&mut self.component, input, cx))
    }

    fn respond<'a>(
        &'a mut self,
        call: &str,
        response: super::handlers::ErasedResponse,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result>> {
        let handler = C::TABLE.responses.iter().find(|handler| handler.message.name == call)?;
        Some((handler.call)(&mut self.component, response, cx))
    }

    fn complete<'a>(
        &'a mut self,
        request: &str,
        body: Bytes,
        cx: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let handler = C::TABLE.completions.iter().find(|handler| handler.message.name == request)?;
        Some((handler.call)(&mut self.component, body, cx))
    }

    fn timer<'a>(&'a mut self, timer: Timer, cx: &'a mut Context) -> Option<BoxFuture<'a, Result>> {
        Some(C::TABLE.timer?(&mut self.component, timer, cx))
    }

    fn message_type(&self, name: &str) -> Option<&'static MessageType> {
        if let Entrance::Director { message } = C::TYPE.entrance {
            return (message.name == name).then_some(message);
        }
        C::TABLE.messages.iter().map(|handler| handler.message).find(|message| message.name == name)
    }

    fn reset_state(&mut self) {
        self.component.reset_state();
    }

    fn save_state(&self) -> Result<Bytes> {
        self.component.save_state()
    }

    fn load_state(&mut self, data: &[u8]) -> Result {
        self.component.load_state(data)
    }
}
