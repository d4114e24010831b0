#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_service]
struct Bell {
    #[target]
    out: Target<Bye>,
}

#[handlers]
impl Bell {
    async fn on_process_input(&mut self, bye: Bye, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, bye).await?;
        Ok(())
    }
}

#[business_operation]
struct Door;

#[handlers]
impl Door {
    async fn on_bye(&mut self, bye: Bye) -> Result {
        info!("{}", bye.name);
        Ok(())
    }
}

production! { House {
    bell: Bell { out: door },
    door: Door {},
} }

fn main() {}
