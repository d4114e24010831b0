use iop::hl7::{Path, V251, hl7, hl7_dictionary};

hl7_dictionary! {
    SITE extends V251 {
        ZDI { diet: CE, since: DT }
        PID from 41 { national_number: CX }
    }
}

const DIET: Path = hl7!(ZDI-3 in SITE); // the mistake
const NUMBER: Path = hl7!(PID-40 in SITE); // the mistake
const SINCE: Path = hl7!(ZDI.snice in SITE); // the mistake

fn main() {
    println!("{DIET} {NUMBER} {SINCE}");
}
