#![deny(warnings, missing_docs)]
#![allow(dead_code, unused_macros, reason = "they stand in the way, and nothing more")]
#![allow(missing_debug_implementations, reason = "no strict project asks it of every struct")]
//! A user may call his types, traits, macros and modules as the standard library does, and as the library does.

use ::iop::component::{Context, Target, Targets};
use ::iop::{business_operation, business_process, business_service, handlers, message, production};

struct Result;
struct Option;
struct Box;
struct String;
struct Vec;
struct Some;
struct None;
struct Ok;
struct Err;
struct Duration;
struct Component;
struct Message;
struct Production;
trait Default {}
trait Clone {}
trait Copy {}
trait Debug {}
trait Into {}
trait From {}
trait Send {}
trait Iterator {}
mod core {}
mod std {}
mod iop {}
mod serde {}
mod schemars {}
macro_rules! vec {
    () => {};
}
macro_rules! panic {
    () => {};
}
macro_rules! concat {
    () => {};
}

/// Asks for a greeting.
#[message(response = Greeting)]
pub struct Hello {
    /// Whom.
    #[key]
    pub name: ::std::string::String,
    /// How old.
    #[sensitive]
    pub age: ::core::option::Option<u8>,
}

/// A greeting.
#[message]
pub struct Greeting {
    /// What is said.
    pub text: ::std::string::String,
}

/// What happens.
#[message(transient)]
pub enum Event {
    /// Nothing.
    Nothing,
    /// Somebody comes.
    Arrival {
        /// Who.
        #[key]
        name: ::std::string::String,
    },
}

/// Polls.
#[business_service(poll)]
pub struct Clock {
    #[target]
    out: Target<Event>,
}

#[handlers]
impl Clock {
    async fn on_process_input(&mut self, cx: &mut Context) -> ::iop::component::Result {
        cx.send_request_async(&self.out, Event::Nothing).await?;
        ::core::result::Result::Ok(())
    }
}

/// Is called.
#[business_service]
pub struct Desk {
    #[target]
    out: Target<Hello>,
}

#[handlers]
impl Desk {
    async fn on_process_input(&mut self, hello: Hello, cx: &mut Context) -> ::iop::component::Result<Greeting> {
        ::core::result::Result::Ok(cx.send_request_sync(&self.out, hello).await?)
    }
}

/// Counts, and passes on.
#[business_process]
pub struct Porter {
    #[state]
    seen: u32,
    #[target]
    one: ::core::option::Option<Target<Hello>>,
    #[target(async)]
    many: Targets<Hello>,
}

#[handlers]
impl Porter {
    async fn event(&mut self, event: Event, cx: &mut Context) -> ::iop::component::Result {
        self.seen += 1;
        let Event::Arrival { name } = event else { return ::core::result::Result::Ok(()) };
        if let ::core::option::Option::Some(target) = &self.one {
            let hello = Hello { name: ::std::clone::Clone::clone(&name), age: ::core::option::Option::None };
            cx.send_request_async(target, hello).await?;
        }
        for target in &self.many {
            let hello = Hello { name: ::std::clone::Clone::clone(&name), age: ::core::option::Option::None };
            cx.send_request_async(target, hello).await?;
        }
        ::core::result::Result::Ok(())
    }
}

/// Greets.
#[business_operation(effect = "keyed")]
pub struct Greeter {
    #[setting(default = 1, min = 1, max = 9)]
    times: usize,
}

#[handlers]
impl Greeter {
    async fn on_init(&mut self) -> ::iop::component::Result {
        ::core::result::Result::Ok(())
    }

    async fn greet(&mut self, hello: Hello) -> ::iop::component::Result<Greeting> {
        ::core::result::Result::Ok(Greeting { text: hello.name.repeat(self.times) })
    }
}

production! {
    /// Everything at once.
    pub Hotel {
        clock: Clock { out: porter, call_interval: "1s" },
        porter: Porter { one: greeter, many: [greeter] },
        desk: Desk { out: second },
        #[item(pool_size = 2, timeout = "5s")]
        greeter: Greeter { times: 3 },
        #[item(order = key(name), failing = park_key, pool_size = 2)]
        second: Greeter {},
        require order key(name) from desk to second;
        alerts none;
    }
}
