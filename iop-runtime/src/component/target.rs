//! Typed outlets: which message types they carry, and which components they may lead to.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Component, Handles};
use crate::message::{Message, MessageType};

/// A typed outlet of a component, wired to one item in `production!`. `S` is a message type or a tuple of them. `W` says
/// whether a handler may wait on it; `#[target(async)]` writes [`NeverAwaited`].
pub struct Target<S, W = MayBeAwaited> {
    pub(crate) index: usize,
    pub(crate) item: Arc<str>,
    carries: PhantomData<fn(S, W)>,
}

/// A handler may wait for the response to what it sends through such a target.
#[derive(Debug)]
pub struct MayBeAwaited;

/// `#[target(async)]`: nothing waits on such a target, so that no circle of waiting calls goes through it.
#[derive(Debug)]
pub struct NeverAwaited;

/// What a call that waits asks of its target.
#[diagnostic::on_unimplemented(
    message = "nothing may wait on this target, which is `#[target(async)]`",
    label = "never awaited",
    note = "send with `cx.send_request_async(…)`, which does not wait; or write `#[target]` without `async`, if no circle of waiting calls comes of it [iop E08]"
)]
pub trait Awaitable {}

impl Awaitable for MayBeAwaited {}

impl<S, W> Target<S, W> {
    pub(crate) fn to(index: usize, item: Arc<str>) -> Self {
        Self { index, item, carries: PhantomData }
    }

    /// Where it leads, whatever it carries. For generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn reach(&self) -> super::Reach {
        self.into()
    }

    /// The name of the item behind the target.
    #[must_use]
    pub fn item(&self) -> &str {
        &self.item
    }
}

impl<S, W> Clone for Target<S, W> {
    fn clone(&self) -> Self {
        Self::to(self.index, Arc::clone(&self.item))
    }
}

impl<S, W> fmt::Debug for Target<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.item)
    }
}

/// A typed outlet that may lead to any number of items.
pub struct Targets<S, W = MayBeAwaited>(Vec<Target<S, W>>);

impl<S, W> Targets<S, W> {
    /// The targets, in the order of the wiring.
    pub fn iter(&self) -> std::slice::Iter<'_, Target<S, W>> {
        self.0.iter()
    }
}

impl<'a, S, W> IntoIterator for &'a Targets<S, W> {
    type Item = &'a Target<S, W>;
    type IntoIter = std::slice::Iter<'a, Target<S, W>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<S, W> fmt::Debug for Targets<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// The types that a `#[target]` field may have: `Target<S>`, `Option<Target<S>>`, `Targets<S>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a target",
    label = "not a target type",
    note = "a `#[target]` field is a `Target<Message>`, an `Option<Target<Message>>` or a `Targets<Message>` [iop E12]"
)]
pub trait TargetDeclared: Sized {
    /// Must be wired.
    const REQUIRED: bool;
    /// May take several items.
    const MANY: bool;
    /// Takes the routes: indexes and names of items.
    fn wired(routes: &[(usize, Arc<str>)]) -> Self;
}

impl<S, W> TargetDeclared for Target<S, W> {
    const REQUIRED: bool = true;
    const MANY: bool = false;

    fn wired(routes: &[(usize, Arc<str>)]) -> Self {
        // The compiler has refused an unwired target; an index past every item makes a send fail with a clear error.
        Option::wired(routes).unwrap_or_else(|| Self::to(usize::MAX, Arc::from("(unwired)")))
    }
}

impl<S, W> TargetDeclared for Option<Target<S, W>> {
    const REQUIRED: bool = false;
    const MANY: bool = false;

    fn wired(routes: &[(usize, Arc<str>)]) -> Self {
        routes.last().map(|(index, item)| Target::to(*index, Arc::clone(item)))
    }
}

impl<S, W> TargetDeclared for Targets<S, W> {
    const REQUIRED: bool = false;
    const MANY: bool = true;

    fn wired(routes: &[(usize, Arc<str>)]) -> Self {
        Self(routes.iter().map(|(index, item)| Target::to(*index, Arc::clone(item))).collect())
    }
}

/// A message type, or a tuple of message types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "a target carries messages",
    note = "put `#[message]` on `{Self}` [iop E12]"
)]
pub trait Messages: 'static {
    /// The types.
    const TYPES: &'static [&'static MessageType];
}

/// One message type of a target: a target of several is wired as `(Each<A>, Each<B>)`. A type of its own, so that rustc never has to choose between "a message" and "a tuple of
/// messages" and can name the one message that is not handled.
#[derive(Debug)]
pub struct Each<M>(PhantomData<fn(M)>);

#[diagnostic::do_not_recommend]
impl<M: Message> Messages for M {
    const TYPES: &'static [&'static MessageType] = &[M::TYPE];
}

/// A target that carries `Self` may send `M`. `Place` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "this target does not carry `{M}`",
    label = "carries `{Self}`",
    note = "send what it carries, or add `{M}` to it: a target of several messages is a `Target<(…, {M})>` [iop E04]"
)]
pub trait Carries<M, Place> {}

/// The place of the message type in a target of one message type.
#[derive(Debug)]
pub struct Only;

#[diagnostic::do_not_recommend]
impl<M: Message> Carries<M, Only> for M {}

/// No message. That every target carries it keeps rustc from taking what a target carries for what is sent: then another
/// message would be a type that does not match, and not a message that the target does not carry.
#[derive(Debug)]
pub enum Nothing {}

#[diagnostic::do_not_recommend]
impl<S> Carries<Nothing, Nothing> for S {}

/// What one message is sent through: a target.
#[diagnostic::on_unimplemented(
    message = "one message is sent through one target, and `{Self}` is none",
    label = "not a `Target<…>`",
    note = "take the target out of an `Option` first, `if let Some(target) = &self.field`; to send to all that there are, of an `Option` or of `Targets`, write `cx.send_to_all(&self.field, message)` or `cx.call_all(…)` [iop E04]"
)]
pub trait Outward {
    /// The message type or types.
    type Carried;
    /// Whether a handler may wait on it.
    type Waiting;
    /// Where it leads.
    #[doc(hidden)]
    fn outward(&self) -> super::Reach;
}

impl<S, W> Outward for Target<S, W> {
    type Carried = S;
    type Waiting = W;

    fn outward(&self) -> super::Reach {
        self.into()
    }
}

impl<T: Outward + ?Sized> Outward for &T {
    type Carried = T::Carried;
    type Waiting = T::Waiting;

    fn outward(&self) -> super::Reach {
        T::outward(self)
    }
}

/// A component that messages may be routed to: a process or an operation.
#[diagnostic::on_unimplemented(
    message = "no route may end at the business service `{Self}`",
    label = "a service takes its input from outside",
    note = "route to a process or an operation [iop E06]"
)]
pub trait Receives: Component {
    /// The type itself, for the same reason as [`Component::This`].
    type Receiver;
}

/// The message types of a target, all of which the component `C` handles. What is missing is said by [`Handles`].
pub trait Accepted<C> {}

impl<C: Handles<M>, M> Accepted<C> for Each<M> {}

macro_rules! message_tuples {
    ($($($message:ident)+ ;)*) => { $(
        message_tuples!(@one $($message)+);
    )* };
    (@one $($message:ident)+) => {
        #[diagnostic::do_not_recommend]
        impl<$($message: Message),+> Messages for ($($message,)+) {
            const TYPES: &'static [&'static MessageType] = &[$($message::TYPE),+];
        }

        impl<C: $(Handles<$message> +)+, $($message),+> Accepted<C> for ($(Each<$message>,)+) {}
    };
}

message_tuples! {
    A B;
    A B D;
    A B D E;
    A B D E F;
    A B D E F G;
}

macro_rules! carries {
    ($(($($all:ident),+) $at:ident $number:literal;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($all: Message),+> Carries<$at, At<$number>> for ($($all,)+) {}
    )* };
}

/// The place of a message type in a target of several.
#[derive(Debug)]
pub struct At<const N: usize>;

carries! {
    (A, B) A 0; (A, B) B 1;
    (A, B, C) A 0; (A, B, C) B 1; (A, B, C) C 2;
    (A, B, C, D) A 0; (A, B, C, D) B 1; (A, B, C, D) C 2; (A, B, C, D) D 3;
    (A, B, C, D, E) A 0; (A, B, C, D, E) B 1; (A, B, C, D, E) C 2; (A, B, C, D, E) D 3; (A, B, C, D, E) E 4;
    (A, B, C, D, E, F) A 0; (A, B, C, D, E, F) B 1; (A, B, C, D, E, F) C 2; (A, B, C, D, E, F) D 3;
    (A, B, C, D, E, F) E 4; (A, B, C, D, E, F) F 5;
}
