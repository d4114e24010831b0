#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn greet(&mut self, hello: Hello) -> Greeting {
        Greeting { text: hello.name }
    }
}

fn main() {}
