//! HL7 v2: messages to the letter as they came, and places in them that the compiler knows. With the feature `hl7`.
//!
//! [`Hl7`] is a message that owns its text; [`Parsed`] reads one where it lies. [`hl7!`](hl7) is a place in one, `hl7!(PID-5.1)`,
//! looked up in the dictionary of [v2.5.1](V251) while your crate is compiled; what a site has besides,
//! [`hl7_dictionary!`](hl7_dictionary) declares. [`Ack`] answers, [`batch`](batch()) takes files of several messages apart,
//! and [`mllp`] frames messages on a connection.
//!
//! Nothing here reads a file or a connection, and nothing knows productions.

mod ack;
mod batch;
mod body;
mod charset;
mod dictionary;
mod error;
mod escape;
mod lines;
pub mod mllp;
mod parts;
mod path;
mod place;
mod separators;
#[cfg(test)]
mod tests;
mod v251;
mod value;

pub use self::ack::{Ack, AckCode, AckError};
pub use self::batch::{batch, batch_of_bytes};
pub use self::body::{Hl7, SetError};
pub use self::charset::{Charset, CharsetError};
pub(crate) use self::dictionary::Wanted;
pub use self::dictionary::{Dictionary, Field, Row, hl7_dictionary};
pub use self::error::ParseError;
pub use self::parts::{Parsed, Parts};
#[doc(hidden)]
pub use self::path::Draft;
pub use self::path::{Path, PathError, SegmentName};
pub use self::separators::Separators;
pub use self::v251::V251;
pub use self::value::{Value, Written};
/// A place in a message, which the compiler looks up in a dictionary: a [`Path`], or the name of a segment.
///
/// | written | leads to |
/// |---|---|
/// | `hl7!(PID-5)` | field 5 of the first PID; where it repeats, the first repetition |
/// | `hl7!(PID:5)` | the same, as IRIS writes it; rustfmt leaves it alone, and puts spaces around the `-` |
/// | `hl7!(PID-3[2].4)` | component 4 of its second repetition |
/// | `hl7!(PID-5.1.1)` | subcomponent 1 |
/// | `hl7!(OBX[2]-5)` | field 5 of the second OBX |
/// | `hl7!(PID.patient_name.family_name)` | the same by the names of the standard |
/// | `hl7!(ZPI-3 in SITE)` | looked up in the dictionary `SITE`, made with [`hl7_dictionary!`](hl7_dictionary) |
/// | `hl7!(OBX)` | the name of a segment, for [`each`](Parts::each) and [`count`](Parts::count) |
///
/// What is not there does not compile:
///
/// ```text
/// error[E0080]: evaluation panicked: PID has no field 50; it has 1 to 39 [iop E16]
/// ```
///
/// ```
/// use iop::hl7::{Path, hl7};
///
/// const MRN: Path = hl7!(PID-3.1);
/// assert_eq!(hl7!(PID.patient_identifier_list.id_number), MRN);
/// assert_eq!(MRN.to_string(), "PID-3.1");
/// ```
#[doc(inline)]
pub use iop_macros::hl7;
