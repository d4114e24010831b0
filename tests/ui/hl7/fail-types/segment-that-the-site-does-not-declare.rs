use iop::hl7::{Path, hl7};

const DIET: Path = hl7!(ZDI-1); // the mistake

fn main() {
    println!("{DIET}");
}
