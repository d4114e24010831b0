//! What stands in for an item of a production under test: a component that handles the same messages, or answers that
//! are written in the test.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};

use crate::component::{
    Answered, Component, ComponentKind, ComponentType, Context, Error, Handlers, Handles, Instance, Result,
};
use crate::engine::StandIn;
use crate::message::{Decoded, Message, MessageType};

/// One that takes part in the test in place of an item: its component for the graph, and what makes its instances.
#[derive(Debug)]
pub(super) struct Replacement {
    /// The component that the item must be of.
    pub(super) original: &'static ComponentType,
    pub(super) component: &'static ComponentType,
    pub(super) stand_in: StandIn,
}

impl Replacement {
    pub(super) fn mock<C: Component, M: Handlers>(make: impl Fn() -> M + Send + Sync + 'static) -> Self {
        let stand_in = StandIn::new(move |_| Ok(crate::component::instance_of(make())));
        Self { original: C::TYPE, component: M::TYPE, stand_in }
    }

    pub(super) fn stub<C: Handlers>(stub: Stub<C>) -> Self {
        let answers = Arc::new(stub.answers);
        let stand_in = StandIn::new(move |config| {
            let item = Arc::clone(&config.item);
            Ok(Box::new(StubInstance { item, types: C::TYPE.handles, answers: Arc::clone(&answers) }))
        });
        // A stub answers for the component, and needs none of its settings and targets.
        let component: &'static ComponentType = Box::leak(Box::new(C::TYPE.bare()));
        Self { original: C::TYPE, component, stand_in }
    }
}

/// Answers what an item of component `C` is asked, each message type by a function of the test.
///
/// ```
/// # use iop::prelude::*;
/// # use iop::testing::Stub;
/// # #[message(response = Report)] pub struct Order { pub amounts: Vec<u32> }
/// # #[message] pub struct Report { pub sum: u32 }
/// # #[business_operation] pub struct Analyser;
/// # #[handlers] impl Analyser { async fn measure(&mut self, order: Order) -> Result<Report> {
/// #     Ok(Report { sum: order.amounts.iter().sum() })
/// # } }
/// let analyser = Stub::<Analyser>::new().answer(|_: Order| Ok(Report { sum: 7 }));
/// let broken = Stub::<Analyser>::new().answer(|_: Order| Err(Error::unavailable("no paper")));
/// let slow = Stub::<Analyser>::new().answer_after(Duration::from_secs(3), |_: Order| Ok(Report { sum: 7 }));
/// ```
///
/// What the component does not handle cannot be answered, and a response of another type is none:
///
/// ```compile_fail
/// # use iop::prelude::*;
/// # use iop::testing::Stub;
/// # #[message(response = Report)] pub struct Order { pub amounts: Vec<u32> }
/// # #[message] pub struct Report { pub sum: u32 }
/// # #[business_operation] pub struct Analyser;
/// # #[handlers] impl Analyser { async fn measure(&mut self, order: Order) -> Result<Report> {
/// #     Ok(Report { sum: order.amounts.iter().sum() })
/// # } }
/// let analyser = Stub::<Analyser>::new().answer(|_: Report| Ok(()));
/// ```
pub struct Stub<C> {
    answers: HashMap<&'static str, Scripted>,
    component: PhantomData<fn(C)>,
}

impl<C> fmt::Debug for Stub<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.answers.keys()).finish()
    }
}

impl<C: Handlers> Default for Stub<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Handlers> Stub<C> {
    /// One that refuses every message, until told otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self { answers: HashMap::new(), component: PhantomData }
    }

    /// Answers messages of type `M`. An error is what a handler's would be.
    #[must_use]
    pub fn answer<M: Message>(self, answer: impl FnMut(M) -> Result<M::Response> + Send + 'static) -> Self
    where
        C: Handles<M>,
    {
        self.answer_after(Duration::ZERO, answer)
    }

    /// Answers messages of type `M` after some time.
    #[must_use]
    pub fn answer_after<M: Message>(
        mut self,
        delay: Duration,
        mut answer: impl FnMut(M) -> Result<M::Response> + Send + 'static,
    ) -> Self
    where
        C: Handles<M>,
    {
        let answer: Answer = Box::new(move |value| match value.downcast::<M>() {
            Ok(message) => Answered::response(answer(*message)?),
            Err(_) => Err(Error::fatal("a value of another type reached the stub")),
        });
        self.answers.insert(M::TYPE.name, Scripted { delay, answer: Mutex::new(answer) });
        self
    }
}

type Answer = Box<dyn FnMut(Decoded) -> Result<Answered> + Send>;

struct Scripted {
    delay: Duration,
    answer: Mutex<Answer>,
}

struct StubInstance {
    item: Arc<str>,
    types: fn() -> Vec<&'static MessageType>,
    answers: Arc<HashMap<&'static str, Scripted>>,
}

impl Instance for StubInstance {
    fn handle<'a>(
        &'a mut self,
        message: &MessageType,
        value: Decoded,
        _: &'a mut Context,
    ) -> Option<BoxFuture<'a, Result<Answered>>> {
        let Some(scripted) = self.answers.get(message.name) else {
            let error = format!("the stub of `{}` was not told what to answer to `{}`", self.item, message.name);
            return Some(Box::pin(ready(Err(Error::fatal(error)))));
        };
        Some(Box::pin(async move {
            if !scripted.delay.is_zero() {
                tokio::time::sleep(scripted.delay).await;
            }
            // An answer that panicked is asked again on the next attempt, as a handler would be.
            let mut answer = scripted.answer.lock().unwrap_or_else(PoisonError::into_inner);
            answer(value)
        }))
    }

    fn message_type(&self, name: &str) -> Option<&'static MessageType> {
        (self.types)().into_iter().find(|message| message.name == name)
    }
}

/// Refuses what cannot stand in for `item`: there is no such item, or it is of another component.
pub(super) fn fits(graph: &crate::production::Graph, item: &str, replacement: &Replacement) -> usize {
    let names = || graph.items.iter().map(|item| item.name).collect::<Vec<_>>().join(", ");
    let Some(index) = graph.items.iter().position(|known| known.name == item) else {
        panic!("there is no item `{item}` in {}; there are: {}", graph.name, names());
    };
    let (is, said) = (graph.items[index].component, replacement.original);
    assert!(
        std::ptr::eq(is, said) || is.rust_path == said.rust_path,
        "the item `{item}` of {} is a `{}`, not a `{}`",
        graph.name,
        is.rust_path,
        said.rust_path
    );
    assert!(
        is.kind != ComponentKind::Service,
        "`{item}` is a service: it is not asked by others, and cannot be replaced; leave it out with `without_services()`"
    );
    index
}
