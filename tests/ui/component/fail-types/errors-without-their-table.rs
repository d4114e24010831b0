#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

#[business_operation(errors = Broken)]
struct Door;

#[handlers]
impl Door {
    async fn bye(&mut self, _bye: Bye) -> Result {
        Ok(())
    }
}

fn main() {}
