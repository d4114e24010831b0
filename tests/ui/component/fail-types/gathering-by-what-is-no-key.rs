use iop::prelude::*;

#[message]
pub struct Part {
    #[key]
    order: String,
    number: u32,
}

#[business_process(correlate = number)]
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
}

fn main() {}
