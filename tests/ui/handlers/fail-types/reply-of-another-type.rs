#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[business_process]
pub struct Sender;

#[handlers]
impl Sender {
    async fn hello(&mut self, hello: Hello, cx: &mut Context) -> Result<Replied<Bye>> {
        Ok(cx.reply(Bye { name: hello.name }).await?)
    }
}

fn main() {}
