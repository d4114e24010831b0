#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Door {
    out: Target<Bye>,
    #[target]
    next: Target<Bye>,
    copy: Option<Target<Bye>>,
}

#[handlers]
impl Door {
    async fn bye(&mut self, bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_async(&self.next, bye).await?;
        Ok(())
    }
}

fn main() {}
