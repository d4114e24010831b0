#[path = "../../parts.rs"]
mod parts;

use iop::prelude::*;
use parts::{Clock, Greeter, Hello};

mod ward {
    use super::*;

    #[message(name = "Greeting")] // the mistake
    pub struct Welcome {
        pub bed: u32,
    }

    #[message(response = Welcome)]
    pub struct Admit {
        pub name: String,
    }
}

#[business_operation]
struct Ward;

#[handlers]
impl Ward {
    async fn admit(&mut self, _admit: ward::Admit) -> Result<ward::Welcome> {
        Ok(ward::Welcome { bed: 1 })
    }

    async fn greet(&mut self, hello: Hello) -> Result<parts::Greeting> {
        Ok(parts::Greeting { text: hello.name })
    }
}

production! {
    Hospital {
        clock: Clock { out: greeter },
        greeter: Greeter {},
        #[item(standalone)]
        ward: Ward {},
    }
}

fn main() {}
