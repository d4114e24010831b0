use iop::hl7::{V251, hl7_dictionary};

hl7_dictionary! {
    SITE extends V251 {
        ZDI { diet: CEE, since: DT } // the mistake
    }
}

fn main() {
    println!("{}", SITE.name());
}
