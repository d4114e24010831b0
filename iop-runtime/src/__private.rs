//! Everything that generated code may name. Not part of the public API; changes without notice.

pub use bytes::Bytes;
pub use futures_util::future::BoxFuture;
pub use inventory;
pub use schemars;
pub use serde;
pub use serde_json;

pub use crate::adapter::InboundAdapter;
pub use crate::component::*;
pub use crate::message::{Message, MessageType, Respond, SourceLocation};
pub use crate::production::{
    Graph, Item, Production, RegisteredComponent, RegisteredMessage, RegisteredProduction, Route,
};
pub use crate::settings::{Raw, Setting, SettingDecl};

/// A value for a setting, as `production!` writes it.
pub fn setting<T, V: IntoSetting<T>>(value: V) -> SettingField<T> {
    SettingField::set(value.into_raw())
}

/// A default for a setting, as `#[setting(default = …)]` writes it.
pub fn default<T, V: IntoSetting<T>>(value: V) -> Raw {
    value.into_raw()
}

/// A route to the item `name` of component `C`, which must accept what the target carries.
pub fn route<C, S>(name: &'static str) -> TargetField<S>
where
    C: Receives,
    C::Receiver: Accepts<S>,
{
    TargetField::to(name)
}

/// Several routes of one target.
#[must_use]
pub fn routes<S>() -> TargetsField<S> {
    TargetsField::default()
}

/// The type is a component.
pub fn assert_component<C: Component>() {}

/// The value of a `#[key]` field as the index keeps it.
pub trait KeyValue {
    /// `None` leaves the key out.
    fn key(&self) -> Option<String>;
}

/// Where a handler's return value is turned into its answer.
///
/// # Errors
/// The handler's failure.
pub fn answer<M, C, R>(returned: R) -> Result<Answer<M>>
where
    M: Message,
    R: HandlerResult,
    R::Value: Answers<M, C>,
{
    returned.into_result().map(Answers::<M, C>::answer)
}

impl KeyValue for String {
    fn key(&self) -> Option<String> {
        Some(self.clone())
    }
}
