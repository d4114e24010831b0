//! The dictionary of HL7 v2.5.1: all of its segments but the placeholders, and all of its data types that have components.

mod administration;
mod care;
mod control;
mod devices;
mod finance;
mod masters;
mod observations;
mod orders;
mod query;
mod types;

use super::dictionary::Dictionary;

/// HL7 v2.5.1: 150 segments and 79 data types, with the names of the standard in lower case (`patient_identifier_list`).
///
/// Versions before and after it number the same fields in the same way; what they have besides is declared with
/// [`hl7_dictionary!`](crate::hl7_dictionary).
pub static V251: Dictionary = Dictionary::standard(
    "HL7 v2.5.1",
    &[
        administration::ADMINISTRATION,
        control::CONTROL,
        observations::OBSERVATIONS,
        orders::ORDERS,
        finance::FINANCE,
        care::CARE,
        query::QUERY,
        masters::MASTERS,
        devices::DEVICES,
    ],
    types::TYPES,
);
