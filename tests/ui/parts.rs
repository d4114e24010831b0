//! What the cases are made of: two messages that are answered, one that is not, and who sends and handles them.
#![allow(dead_code, unreachable_pub, reason = "a case uses what it needs of it")]

use iop::prelude::*;

#[message(response = Greeting)]
pub struct Hello {
    pub name: String,
}

#[message]
pub struct Greeting {
    pub text: String,
}

#[message]
pub struct Bye {
    pub name: String,
}

#[business_service(poll)]
pub struct Clock {
    #[setting(default = "5s")]
    pub call_interval: Duration,
    #[target]
    pub out: Target<Hello>,
}

#[handlers]
impl Clock {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        cx.send_request_sync(&self.out, Hello { name: "world".into() }).await?;
        Ok(())
    }
}

#[business_process]
pub struct Porter {
    #[setting]
    pub floor: u8,
    #[target]
    pub greet: Target<(Hello, Bye)>,
    #[target]
    pub tap: Option<Target<Bye>>,
}

#[handlers]
impl Porter {
    async fn bye(&mut self, bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_async(&self.greet, bye).await?;
        Ok(())
    }
}

#[business_operation]
pub struct Greeter;

#[handlers]
impl Greeter {
    async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: format!("hello {}", hello.name) })
    }
}

#[business_operation]
pub struct Host;

#[handlers]
impl Host {
    async fn greet(&mut self, hello: Hello) -> Result<Greeting> {
        Ok(Greeting { text: format!("hello {}", hello.name) })
    }

    async fn see_off(&mut self, bye: Bye) -> Result {
        info!("bye {}", bye.name);
        Ok(())
    }
}
