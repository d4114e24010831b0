//! What this hospital sends besides the standard. It could be a crate of its own, which all of its productions use.

use iop::hl7::{V251, hl7_dictionary};

hl7_dictionary! {
    /// HL7 v2.5.1, and what Saint Elsewhere has added to it.
    pub SITE extends V251 {
        // What the cantina wants to know.
        ZDI { diet: CE required, allergic_to: CE repeats, since: DT }
        // Behind the fields that PID has in the standard.
        PID from 40 { national_number: CX }
    }
}
