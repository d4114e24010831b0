//! Everything that generated code may name. Not part of the public API; changes without notice.

mod facts;
mod heard;
#[cfg(feature = "hl7")]
pub mod hl7;
mod router;
mod start;
mod state;
mod stored;
mod wiring;

pub use bytes::Bytes;
pub use futures_util::future::BoxFuture;
pub use inventory;
pub use schemars;
pub use serde;
pub use serde_json;

#[cfg(feature = "testing")]
pub use self::facts::assert_stands_in;
pub use self::facts::{
    Role, assert_called, assert_correlates, assert_counted, assert_duration, assert_effect, assert_entered,
    assert_handles, assert_keyed, assert_names, assert_no_circle, assert_order, assert_reached, assert_taps,
    assert_text, assert_way, assert_wired, assert_within, has_target,
};
pub use self::heard::{ActsOutside, Failures, HeardOf, Suspended};
pub use self::router::{Arm, ask_one, pass_on};
pub use self::start::{CallInterval, Refused, StartsAsDefault, default, refused, word};
pub use self::state::{StateReader, StateValue, StateWriter};
pub use self::stored::{Asked, Otherwise, Part, SchemaOf, Stored, assert_held, assert_part, write_stored};
pub use self::wiring::{
    Outlets, Placed, TakesNothing, TakesSetting, alerts_to, placed, route, routes, set, set_nothing, setting, wire,
    wire_all, wiring, wirings,
};
pub use crate::adapter::InboundAdapter;
pub use crate::component::*;
pub use crate::message::{
    Alert, CannotCopy, Converses, Copies, Generates, KeyValue, MASKED, Message, MessageType, REFUSED_MESSAGE, Respond,
    SourceLocation, Upgrade, assert_upgrades_next, assert_upgrades_to, hashed_key, keys, upgrade, upgraded_schema,
};
pub use crate::production::proof::{Circles, Path, slots};
pub use crate::production::{
    Failing, Graph, Item, ItemPolicy, Order, Production, RegisteredComponent, RegisteredMessage, RegisteredProduction,
    Requirement, Route, Tap,
};
pub use crate::settings::{FirstCall, Raw, Setting, SettingDecl, measure_of};
