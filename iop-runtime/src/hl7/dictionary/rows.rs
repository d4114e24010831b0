//! How a dictionary is written: the standard's by us, a site's by its engineers, in the same rows.

/// Rows of fields, as `NAME { field: TYPE required repeats, … }`, as a constant.
macro_rules! rows {
    ($constant:ident $($name:ident { $($field:ident : $of:ident $($flag:ident)*),* $(,)? })*) => {
        pub(super) const $constant: &[$crate::hl7::Row] = &[$(
            $crate::__hl7_row!($name 1 { $($field : $of $($flag)*),* })
        ),*];
    };
}
pub(crate) use rows;

#[doc(hidden)]
#[macro_export]
macro_rules! __hl7_row {
    ($name:ident $first:literal { $($field:ident : $of:ident $($flag:ident)*),* }) => {
        $crate::hl7::Row {
            name: stringify!($name),
            first: $first,
            fields: &[$(
                $crate::__private::hl7::field(stringify!($field), stringify!($of), &[$(stringify!($flag)),*])
            ),*],
        }
    };
}

/// Declares the segments, fields and data types that a site has besides those of another dictionary.
///
/// ```
/// use iop::hl7::{Hl7, V251, hl7, hl7_dictionary};
///
/// hl7_dictionary! {
///     /// What Saint Elsewhere sends besides the standard.
///     pub SITE extends V251 {
///         // A segment of its own.
///         ZPI { vip_code: IS required, pet_name: XPN repeats, home: ZAD }
///         // Fields behind those that PID has in the standard.
///         PID from 40 { national_number: CX }
///         // A data type, of the standard's.
///         type ZAD { street: ST, door: NM }
///     }
/// }
///
/// let message = Hl7::parse("MSH|^~\\&|A|B|C|D|20260102||ADT^A01|1|P|2.5.1\rZPI|V|Rex|Main street^7\r")?;
/// assert_eq!(message.get(hl7!(ZPI-3.2 in SITE)).text().as_deref(), Some("7"));
/// assert_eq!(message.get(hl7!(ZPI.pet_name.family_name in SITE)).text().as_deref(), Some("Rex"));
/// # Ok::<(), iop::hl7::ParseError>(())
/// ```
///
/// A field is `name: TYPE`, then `required` and `repeats` where it is that. `type` declares a data type and its components;
/// a type that no dictionary gives components must be one of the standard's single texts (`ST`, `NM`, `DT`, …), or
/// `varies`. With `from 5`, fields of the standard are declared anew; the rest of the segment stays as it is. A dictionary
/// may stand in a crate of its own, and extend that of another crate. What it gets wrong does not compile.
#[macro_export]
macro_rules! hl7_dictionary {
    ($(#[$attribute:meta])* $visibility:vis $name:ident extends $base:path { $($rows:tt)* }) => {
        $crate::hl7_dictionary! { @rows ($(#[$attribute])* $visibility $name $base) () () $($rows)* }
    };
    (@rows $head:tt $segments:tt ($($types:tt)*) type $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        $crate::hl7_dictionary! { @rows $head $segments ($($types)* ($name 1 $($fields)*)) $($rest)* }
    };
    (@rows $head:tt ($($segments:tt)*) $types:tt $name:ident from $first:literal { $($fields:tt)* } $($rest:tt)*) => {
        $crate::hl7_dictionary! { @rows $head ($($segments)* ($name $first $($fields)*)) $types $($rest)* }
    };
    (@rows $head:tt ($($segments:tt)*) $types:tt $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        $crate::hl7_dictionary! { @rows $head ($($segments)* ($name 1 $($fields)*)) $types $($rest)* }
    };
    (@rows ($(#[$attribute:meta])* $visibility:vis $name:ident $base:path)
        ($(($segment:ident $first:literal $($field:ident : $of:ident $($flag:ident)*),* $(,)?))*)
        ($(($type:ident $from:literal $($component:ident : $single:ident $($mark:ident)*),* $(,)?))*)
    ) => {
        $(#[$attribute])*
        $visibility static $name: $crate::hl7::Dictionary = $crate::hl7::Dictionary::extending(
            stringify!($name),
            &$base,
            &[&[$($crate::__hl7_row!($segment $first { $($field : $of $($flag)*),* })),*]],
            &[$($crate::__hl7_row!($type $from { $($component : $single $($mark)*),* })),*],
        );
        const _: () = $crate::__private::hl7::assert_declared(&$name);
    };
}
#[doc(inline)]
pub use hl7_dictionary;
