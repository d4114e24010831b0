//! The smallest production: every second a service greets, and an operation says what to say.
use iop::prelude::*;
#[message(response = Greeting)]
struct Hello {
    name: String,
}
#[message]
struct Greeting {
    text: String,
}
#[business_service(poll)]
struct Clock {
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

production! { HelloWorld {
    clock: Clock { call_interval: "1s", out: greeter },
    greeter: Greeter {},
} }
fn main() -> ExitCode {
    iop::run::<HelloWorld>()
}
