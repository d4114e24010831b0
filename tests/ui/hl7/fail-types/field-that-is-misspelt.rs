use iop::hl7::{Path, hl7};

const FAMILY: Path = hl7!(PID.pateint_name.family_name); // the mistake

fn main() {
    println!("{FAMILY}");
}
