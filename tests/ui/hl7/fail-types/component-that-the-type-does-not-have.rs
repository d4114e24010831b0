use iop::hl7::{Path, hl7};

const SUFFIX: Path = hl7!(PID-3[2].14); // the mistake
const SURNAME: Path = hl7!(PID-5.2.1); // the mistake

fn main() {
    println!("{SUFFIX} {SURNAME}");
}
