#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
struct Router {
    #[target(async)]
    out: Target<Bye>,
}

#[handlers]
impl Router {
    async fn bye(&mut self, bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, bye).await?;
        Ok(())
    }
}

production! {
    Lab {
        clock: Clock { out: greeter },
        greeter: Greeter {},
        #[item(max_hops = 3)]
        there: Router { out: back },
        back: Router { out: there },
    }
}

fn main() {}
