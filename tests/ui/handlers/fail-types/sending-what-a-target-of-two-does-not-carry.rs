#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door {
    #[target]
    out: Target<(Hello, Bye)>,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, Greeting { text: bye.name }).await?;
        Ok(())
    }
}

fn main() {}
