#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door {
    #[target]
    out: Option<Target<Hello>>,
    #[target]
    copies: Targets<Bye>,
}

#[handlers]
impl Door {
    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Greeting> {
        cx.send_request_async(&self.copies, Bye { name: hello.name.clone() }).await?;
        Ok(cx.send_request_sync(&self.out, hello).await?)
    }
}

fn main() {}
