//! The smallest production: a service that greets, and an operation that says what to say.

use iop::prelude::*;

#[message(response = Greeting)]
struct Hello {
    #[key]
    name: String,
}

#[message]
struct Greeting {
    text: String,
}

/// Greets a name every few seconds.
#[business_service(poll)]
struct Clock {
    #[setting(default = "5s")]
    call_interval: Duration,
    #[target]
    out: Target<Hello>,
}

#[handlers]
impl Clock {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        let greeting = cx.send_request_sync(&self.out, Hello { name: "world".into() }).await?;
        info!("{}", greeting.text);
        Ok(())
    }
}

#[business_operation]
struct Greeter;

#[handlers]
impl Greeter {
    async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: format!("hello {}", hello.name) })
    }
}

production! {
    /// The smallest production.
    HelloWorld {
        clock: Clock { call_interval: "1s", out: greeter },
        #[item(pool_size = 2)]
        greeter: Greeter {},
    }
}

fn main() -> ExitCode {
    iop::run::<HelloWorld>()
}
