//! W01: failures that reach nobody. Stable Rust lets a macro warn only by using what is deprecated, so what `production!`
//! names here is: the note is the warning.

use std::marker::PhantomData;

/// An operation that says what its effect outside is. Implemented where `#[business_operation(effect = "…")]` stands.
pub trait ActsOutside {}

/// The failures of component `C`.
#[derive(Debug)]
pub struct Failures<C>(PhantomData<C>);

impl<C: ActsOutside> Failures<C> {
    /// Found before [`HeardOf::REACH_NOBODY`] where the component acts outside.
    #[deprecated(
        note = "this operation acts on the outside, and nobody hears of its failures; write `alerts to item;` in the production, with the item that tells somebody, or `alerts none;` [iop W01]"
    )]
    pub const REACH_NOBODY: () = ();
}

/// What is found for every other component.
pub trait HeardOf {
    /// Nothing to warn of.
    const REACH_NOBODY: () = ();
}

impl<C> HeardOf for Failures<C> {}

/// What `failing = suspend` and `failing = park_key` name.
#[derive(Debug)]
pub struct Suspended;

impl Suspended {
    /// A message waits for a person whom nobody tells.
    #[deprecated(
        note = "a suspended message waits for a person, and nobody tells one; write `alerts to item;` in the production, with the item that does, or `alerts none;` [iop W01]"
    )]
    pub const REACHES_NOBODY: () = ();
}
