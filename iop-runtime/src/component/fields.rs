//! What `production!` fills in for an item: a struct with the component's own field names, so that rustc and editors
//! know every one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use zeroize::Zeroize;

use crate::settings::{Active, ByteSize, CallSchedule, FirstCall, Live, Lookup, Rate, Raw, Secret, Setting};

/// The fields of a component as `production!` sets them: one [`SettingField`], [`TargetField`] or [`TargetsField`] each,
/// under the same name.
pub trait Fields: Default {
    /// What was set.
    fn wiring(self) -> Wiring;
}

/// What `production!` says of one item.
#[derive(Debug, Default)]
pub struct Wiring {
    /// Settings of the component, by name.
    pub settings: Vec<(&'static str, Raw)>,
    /// Settings of the engine for the item, by name.
    pub options: Vec<(&'static str, Raw)>,
    /// Items behind each target, by name.
    pub targets: Vec<(&'static str, Vec<&'static str>)>,
}

impl Wiring {
    /// Adds a setting, where it was set.
    pub fn setting<T>(&mut self, name: &'static str, field: SettingField<T>) {
        self.settings.extend(field.0.map(|raw| (name, raw)));
    }

    /// Adds the routes of a target, where it is wired.
    pub fn target<F: Outlet>(&mut self, name: &'static str, field: F) {
        self.targets.extend(field.items().map(|items| (name, items)));
    }
}

/// A setting of type `T`.
pub struct SettingField<T>(pub(crate) Option<Raw>, PhantomData<fn(T)>);

impl<T> Default for SettingField<T> {
    fn default() -> Self {
        Self(None, PhantomData)
    }
}

impl<T> SettingField<T> {
    pub(crate) fn set(raw: Raw) -> Self {
        Self(Some(raw), PhantomData)
    }
}

impl<T> fmt::Debug for SettingField<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An outlet for one item that accepts `S`: `Each<M>`, or a tuple of them.
pub struct TargetField<S>(pub(crate) Option<&'static str>, PhantomData<fn(S)>);

impl<S> Default for TargetField<S> {
    fn default() -> Self {
        Self(None, PhantomData)
    }
}

impl<S> TargetField<S> {
    pub(crate) fn to(item: &'static str) -> Self {
        Self(Some(item), PhantomData)
    }
}

impl<S> fmt::Debug for TargetField<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An outlet for any number of items that accept `S`.
pub struct TargetsField<S>(pub(crate) Vec<&'static str>, PhantomData<fn(S)>);

impl<S> Default for TargetsField<S> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<S> TargetsField<S> {
    /// Adds an item.
    #[must_use]
    pub fn and(mut self, TargetField(item, _): TargetField<S>) -> Self {
        self.0.extend(item);
        self
    }
}

impl<S> fmt::Debug for TargetsField<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A field that a route may be given to: a [`TargetField`] or a [`TargetsField`].
#[diagnostic::on_unimplemented(
    message = "a setting takes a value, not the name of an item",
    label = "not a target",
    note = "write a value; one that is not a literal stands in braces, `{{ VALUE }}` [iop E05]"
)]
pub trait Outlet: Default {
    /// What the item must accept.
    type Set;

    /// Adds an item.
    fn add(&mut self, route: TargetField<Self::Set>);

    /// The items; `None` where nothing was said.
    fn items(self) -> Option<Vec<&'static str>>;
}

impl<S> Outlet for TargetField<S> {
    type Set = S;

    fn add(&mut self, route: Self) {
        *self = route;
    }

    fn items(self) -> Option<Vec<&'static str>> {
        self.0.map(|item| vec![item])
    }
}

impl<S> Outlet for TargetsField<S> {
    type Set = S;

    fn add(&mut self, route: TargetField<S>) {
        self.0.extend(route.0);
    }

    fn items(self) -> Option<Vec<&'static str>> {
        Some(self.0)
    }
}

/// What may be written for a setting of type `T`: a value of that type, or its text in quotes.
#[diagnostic::on_unimplemented(
    message = "a setting of type `{T}` cannot be `{Self}`",
    label = "not a `{T}`",
    note = "write a value of type `{T}`; for a text, a duration, a path or an address also its text in quotes [iop E05]"
)]
pub trait IntoSetting<T> {
    /// The value as the settings layers keep it.
    fn into_raw(self) -> Raw;
}

#[diagnostic::do_not_recommend]
impl<T: Setting> IntoSetting<T> for T {
    fn into_raw(self) -> Raw {
        self.to_raw()
    }
}

/// Text stands for a value of any type but `String`, for which the impl is of its own.
macro_rules! text_for {
    ($($ty:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl IntoSetting<$ty> for &'static str {
            fn into_raw(self) -> Raw {
                Raw::from(self)
            }
        }
    )* };
}

text_for!(String, Duration, std::path::PathBuf, std::net::SocketAddr, ByteSize, Rate, FirstCall, Active, CallSchedule);

/// The reference of a secret.
#[diagnostic::do_not_recommend]
impl<T: Zeroize> IntoSetting<Secret<T>> for &'static str {
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

/// The name of a table.
#[diagnostic::do_not_recommend]
impl<K, V> IntoSetting<Lookup<K, V>> for &'static str {
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Setting> IntoSetting<Live<T>> for &'static str
where
    &'static str: IntoSetting<T>,
{
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Setting> IntoSetting<Live<T>> for T {
    fn into_raw(self) -> Raw {
        self.to_raw()
    }
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoSetting<T>, const N: usize> IntoSetting<BTreeMap<String, T>> for [(&'static str, V); N] {
    fn into_raw(self) -> Raw {
        Raw::Object(self.into_iter().map(|(key, value)| (key.to_owned(), value.into_raw())).collect())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Setting> IntoSetting<Option<T>> for &'static str
where
    &'static str: IntoSetting<T>,
{
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Setting> IntoSetting<Option<T>> for T {
    fn into_raw(self) -> Raw {
        self.to_raw()
    }
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoSetting<T>, const N: usize> IntoSetting<Vec<T>> for [V; N] {
    fn into_raw(self) -> Raw {
        self.into_iter().map(IntoSetting::into_raw).collect()
    }
}

/// What the engine needs to know of an item: `#[item(…)]`, and keys of the item in the settings.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ItemOptions {
    /// Workers. 1 (the default) keeps the order of the queue.
    pub pool_size: SettingField<u32>,
    /// `false`: the item does not start with the production. Its queue waits.
    pub enabled: SettingField<bool>,
    /// When the item is up: `"Mon-Fri 08:00-18:00 Europe/Paris"`.
    pub active: SettingField<Active>,
    /// The longest a handler may run without awaiting a response.
    pub timeout: SettingField<Duration>,
    /// Attempts before a failing message is suspended.
    pub attempts: SettingField<u32>,
    /// The pause before the second attempt; doubles with each.
    pub backoff: SettingField<Duration>,
    /// The longest pause between attempts.
    pub backoff_cap: SettingField<Duration>,
    /// How long an outside that cannot be reached is tried before the message is suspended.
    pub failure_timeout: SettingField<Duration>,
    /// The most messages in a time that all workers together begin with: `"10/s"`.
    pub throttle: SettingField<Rate>,
    /// Attempts in a row that cannot reach the outside before the circuit breaker opens; 0: there is none.
    pub breaker: SettingField<u32>,
    /// How long an open circuit breaker waits before one message tries again.
    pub breaker_pause: SettingField<Duration>,
    /// What the item is counted to, for people.
    pub category: SettingField<Vec<String>>,
    /// The timeout of awaited requests that the item sends without one of their own.
    pub request_timeout: SettingField<Duration>,
    /// `false`: no alert when a message of the item is suspended.
    pub alert_suspended: SettingField<bool>,
    /// `false`: no alert when the item does not come up, blocks its threads, or has its circuit breaker open.
    pub alert_down: SettingField<bool>,
    /// An alert when so many attempts fail within a minute.
    pub alert_errors: SettingField<u32>,
    /// An alert when so many messages wait.
    pub alert_depth: SettingField<u32>,
    /// An alert when the oldest waiting message is so old.
    pub alert_age: SettingField<Duration>,
    /// An alert when nothing has come for so long.
    pub alert_inactive: SettingField<Duration>,
    /// For how long a condition must hold, or be over, before an alert says so.
    pub alert_grace: SettingField<Duration>,
    /// Alerts again so often while a condition lasts.
    pub alert_repeat: SettingField<Duration>,
    /// How long finished messages to the item are kept: `"30d"`, `"12h"` or `"forever"`.
    pub retention: SettingField<String>,
}

impl ItemOptions {
    /// What was set.
    #[must_use]
    pub fn settings(self) -> Vec<(&'static str, Raw)> {
        [
            ("pool_size", self.pool_size.0),
            ("enabled", self.enabled.0),
            ("active", self.active.0),
            ("timeout", self.timeout.0),
            ("attempts", self.attempts.0),
            ("backoff", self.backoff.0),
            ("backoff_cap", self.backoff_cap.0),
            ("failure_timeout", self.failure_timeout.0),
            ("throttle", self.throttle.0),
            ("breaker", self.breaker.0),
            ("breaker_pause", self.breaker_pause.0),
            ("category", self.category.0),
            ("request_timeout", self.request_timeout.0),
            ("alert_suspended", self.alert_suspended.0),
            ("alert_down", self.alert_down.0),
            ("alert_errors", self.alert_errors.0),
            ("alert_depth", self.alert_depth.0),
            ("alert_age", self.alert_age.0),
            ("alert_inactive", self.alert_inactive.0),
            ("alert_grace", self.alert_grace.0),
            ("alert_repeat", self.alert_repeat.0),
            ("retention", self.retention.0),
        ]
        .into_iter()
        .filter_map(|(name, raw)| raw.map(|raw| (name, raw)))
        .collect()
    }
}
