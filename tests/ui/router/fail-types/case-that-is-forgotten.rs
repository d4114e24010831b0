use iop::prelude::*;

#[message(part)]
#[derive(Clone, Copy)]
pub enum Class {
    Quake,
    Blast,
    Noise,
}

#[message]
pub struct Event {
    class: Class,
}

router! {
    ByClass(event: &Event) {
        match event.class {
            Class::Quake => quakes,
            Class::Noise => discard,
        }
    }
}

fn main() {}
