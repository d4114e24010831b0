use iop::hl7::{Hl7, hl7};

fn main() {
    let hl7 = Hl7::parse("MSH|^~\\&|A").unwrap();
    println!("{}", hl7.get(hl7!(PIX-3.1))); // the mistake
}
