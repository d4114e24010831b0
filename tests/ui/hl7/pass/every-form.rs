#![deny(warnings, missing_docs)]
//! Every form that a path and a dictionary may have.

use iop::hl7::{Path, SegmentName, V251, hl7, hl7_dictionary};

hl7_dictionary! {
    /// What the site has.
    pub SITE extends V251 {
        ZPI { vip: IS required, pets: XPN required repeats, home: ZAD, type: varies }
        PID from 40 { national_number: CX }
        PV1 from 3 { assigned_patient_location: ZAD, }
        type ZAD { street: ST, door: NM }
    }
}

mod ward {
    use iop::hl7::hl7_dictionary;

    hl7_dictionary! {
        pub(super) WARD extends super::SITE { ZWA { bed: PL } }
    }
}

hl7_dictionary! { EMPTY extends V251 {} }

/// Paths are constants.
pub const FAMILY: Path = hl7!(PID - 5.1);

/// All others.
#[rustfmt::skip]
pub fn paths() -> Vec<Path> {
    vec![
        FAMILY,
        hl7!(PID:5.1),
        hl7!(PID-3[2].4),
        hl7!(PID-3[2].4.1),
        hl7!(OBX[3]-5),
        hl7!(OBX[3]:5.10),
        hl7!(PID.patient_name.family_name),
        hl7!(PID.patient_name[2].family_name.surname),
        hl7!(PID-5.family_name),
        hl7!(ZPI-3 in SITE),
        hl7!(ZPI.type in SITE),
        hl7!(ZPI-2[4].1.1 in SITE),
        hl7!(ZWA-1.4.2 in ward::WARD),
        hl7!(ZPI-3.2 in ward::WARD),
        hl7!(PV1-3.door in SITE),
        hl7!(PV1-4 in EMPTY),
    ]
}

/// The names of segments.
pub const NAMES: [SegmentName; 2] = [hl7!(OBX), hl7!(ZPI in SITE)];

/// A path to the same place of another segment.
#[must_use]
pub fn of_group<T>(number: u16) -> Path {
    hl7!(OBX:5).occurrence(number)
}
