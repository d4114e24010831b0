#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

pub async fn answer(token: DeferredResponse<Greeting>, bye: Bye, cx: &mut Context) -> Result {
    cx.respond_to(&token, bye).await?;
    Ok(())
}

fn main() {}
