use iop::hl7::{Path, hl7};

const BIRTH: Path = hl7!(PID-7[2]); // the mistake

fn main() {
    println!("{BIRTH}");
}
