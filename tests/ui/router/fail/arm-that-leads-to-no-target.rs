use iop::prelude::*;

#[message]
pub struct Event {
    strong: bool,
}

router! {
    ByStrength(event: &Event) {
        match event.strong {
            true => send(event),
            false => [],
        }
    }
}

fn main() {}
