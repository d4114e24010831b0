//! Two components of one name, in two modules: a program that must be refused when it starts.

use std::process::ExitCode;

use iop::prelude::*;

#[message]
struct Ping {}

mod here {
    use super::*;

    #[business_operation]
    pub(super) struct Receiver;

    #[handlers]
    impl Receiver {
        async fn on_message(&mut self, _: Ping) -> Result {
            Ok(())
        }
    }
}

mod there {
    use super::*;

    #[business_operation]
    pub(super) struct Receiver;

    #[handlers]
    impl Receiver {
        async fn on_message(&mut self, _: Ping) -> Result {
            Ok(())
        }
    }
}

production! {
    Twice {
        #[item(standalone)]
        one: here::Receiver {},
        #[item(standalone)]
        other: there::Receiver {},
    }
}

fn main() -> ExitCode {
    iop::run::<Twice>()
}
