#[path = "../../parts.rs"]
mod parts;

use iop::prelude::*;
use parts::{Bye, Hello};

#[business_process]
struct Router {
    #[target(async)]
    next: Target<Hello>,
}

#[handlers]
impl Router {
    async fn bye(&mut self, _bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_sync(&self.next, Hello { name: String::new() }).await?; // the mistake
        cx.send_request_async_ng(&self.next, Hello { name: String::new() }).await?; // the mistake
        let calls = [Call::new(&self.next, Hello { name: String::new() })]; // the mistake
        cx.send_multi_request_sync(calls).await;
        Ok(())
    }
}

fn main() {}
