use iop::prelude::*;

#[message]
pub struct Part {
    #[key]
    order: String,
    number: u32,
}

#[business_process(correlate = order)]
struct Collector {
    #[state]
    numbers: Vec<u32>,
}

#[handlers]
impl Collector {
    async fn take(&mut self, part: Part) -> Result {
        self.numbers.push(part.number);
        Ok(())
    }

    async fn on_complete(&mut self, _: Part) -> Result {
        Ok(())
    }
}

fn main() {}
