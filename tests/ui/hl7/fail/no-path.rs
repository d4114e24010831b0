use iop::hl7::{Path, hl7};

fn main() {
    let _: Path = hl7!(PID-5,1); // the mistake
    let _: Path = hl7!(PID[2]); // the mistake
    let number = 3;
    let _: Path = hl7!(OBX[number]-5); // the mistake
    let _: Path = hl7!("PID-5"); // the mistake
}
