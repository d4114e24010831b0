use iop::hl7::{Path, hl7};

const RACE: Path = hl7!(PID-50); // the mistake

fn main() {
    println!("{RACE}");
}
