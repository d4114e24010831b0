//! What `production!` calls for each field of an item. The bounds say what may be given to what; their texts are what a
//! person reads who has mixed it up.

use std::marker::PhantomData;

use crate::component::{
    Accepted, Component, Each, Fields, IntoSetting, ItemOptions, Outlet, Receives, SettingField, TargetField,
    TargetsField, Wiring,
};
use crate::message::Alert;

/// A value for a setting.
pub fn setting<T, V: IntoSetting<T>>(value: V) -> SettingField<T> {
    SettingField::set(value.into_raw())
}

/// A field that a value may be given to: a setting.
#[diagnostic::on_unimplemented(
    message = "a target takes the name of an item, not a value",
    label = "a target",
    note = "write the item's name without quotes: `{{ out: greeter }}`, or `[a, b]` for a list [iop E05]"
)]
pub trait TakesSetting {
    /// The setting's type.
    type Value;
    /// Sets it.
    fn set(&mut self, value: SettingField<Self::Value>);
}

impl<T> TakesSetting for SettingField<T> {
    type Value = T;

    fn set(&mut self, value: Self) {
        *self = value;
    }
}

/// Sets a setting.
pub fn set<F, V>(field: &mut F, value: V)
where
    F: TakesSetting,
    V: IntoSetting<F::Value>,
{
    field.set(SettingField::set(value.into_raw()));
}

/// An item of component `C`, for the routes that end there.
#[derive(Debug)]
pub struct Placed<C>(PhantomData<fn(C)>);

impl<C> Clone for Placed<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Placed<C> {}

/// Where `C` is no component, `This` is unknown, and rustc keeps quiet about the routes that end there.
#[must_use]
pub fn placed<C: Component>() -> Placed<C::This> {
    Placed(PhantomData)
}

/// A route to the item `name` of component `C`, which must handle what the target carries.
pub fn route<C, S>(_: Placed<C>, name: &'static str) -> TargetField<S>
where
    C: Receives,
    S: Accepted<C::Receiver>,
{
    TargetField::to(name)
}

/// Wires a target to one item.
pub fn wire<F: Outlet<Set = S>, S>(field: &mut F, route: TargetField<S>) {
    field.add(route);
}

/// The item that alerts are sent to.
pub fn alerts_to(_: TargetField<Each<Alert>>) {}

/// Several routes of one target.
#[must_use]
pub fn routes<S>() -> TargetsField<S> {
    TargetsField::default()
}

/// A field that a list of items may be given to.
#[diagnostic::on_unimplemented(
    message = "a list of items is given to `{Self}`, which takes none",
    label = "not a list of targets",
    note = "a `Target` takes one item, `{{ out: greeter }}`; declare it as `Targets<…>` for several [iop E05]"
)]
pub trait Outlets {
    /// What each of them must accept.
    type Set;
    /// Sets the routes.
    fn set(&mut self, routes: TargetsField<Self::Set>);
}

impl<S> Outlets for TargetsField<S> {
    type Set = S;

    fn set(&mut self, routes: Self) {
        *self = routes;
    }
}

/// Wires a target to several items.
pub fn wire_all<F: Outlets<Set = S>, S>(field: &mut F, routes: TargetsField<S>) {
    field.set(routes);
}

/// A field that `[]` may be given to.
#[diagnostic::on_unimplemented(
    message = "an empty list is given to `{Self}`, which is no list",
    label = "not a list",
    note = "give it a value, or the name of an item [iop E05]"
)]
pub trait TakesNothing {
    /// Empties it.
    fn set_nothing(&mut self);
}

impl<S> TakesNothing for TargetsField<S> {
    fn set_nothing(&mut self) {
        *self = Self::default();
    }
}

impl<T: crate::settings::Setting> TakesNothing for SettingField<Vec<T>> {
    fn set_nothing(&mut self) {
        *self = SettingField::set(crate::settings::Raw::Array(Vec::new()));
    }
}

/// Sets a list to nothing.
pub fn set_nothing<F: TakesNothing>(field: &mut F) {
    field.set_nothing();
}

/// What `production!` says of all items.
#[must_use]
pub fn wirings(items: &[fn() -> Wiring]) -> Vec<Wiring> {
    items.iter().map(|item| item()).collect()
}

/// What `production!` says of one item.
#[must_use]
pub fn wiring<F: Fields>(fields: F, options: ItemOptions) -> Wiring {
    let mut wiring = fields.wiring();
    wiring.options = options.settings();
    wiring
}
