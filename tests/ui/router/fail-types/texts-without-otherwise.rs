use iop::prelude::*;

#[message]
pub struct Letter {
    country: String,
}

router! {
    ByCountry(letter: &Letter) {
        match letter.country.as_str() {
            "de" | "at" => vienna,
            "fr" => paris,
        }
    }
}

fn main() {}
