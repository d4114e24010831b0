#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Components and productions that a macro of the user's makes, of fragments of every kind.

#[path = "../../parts.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod parts;

use iop::prelude::*;
use parts::{Bye, Clock as Ticker, Greeter, Greeting, Hello};

macro_rules! operation {
    ($name:ident, $message:ty, $response:ty, $answer:expr) => {
        #[business_operation]
        struct $name;

        #[handlers]
        impl $name {
            async fn handle(&mut self, _message: $message) -> Result<$response> {
                Ok($answer)
            }
        }
    };
}

operation!(Answerer, Hello, Greeting, Greeting { text: "hello".into() });
operation!(Listener, Bye, (), ());

macro_rules! laboratory {
    ($name:ident, $item:ident, $component:ty, $clock:path, $interval:literal, $size:expr) => {
        production! {
            /// Made by a macro.
            pub $name {
                clock: $clock { call_interval: $interval, out: $item },
                #[item(pool_size = $size)]
                $item: $component {},
            }
        }
    };
}

laboratory!(First, greeter, Greeter, parts::Clock, "1s", 2);
laboratory!(Second, answerer, Answerer, Ticker, "2s", 1 + 1);

production! {
    /// One more that is not.
    pub Third {
        #[item(standalone)]
        listener: Listener {},
    }
}
