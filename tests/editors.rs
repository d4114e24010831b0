//! What an editor completes in a `production!` that is being written: a real rust-analyzer is asked, over its own
//! protocol. Where there is none (`rustup component add rust-analyzer`), the test says so and is skipped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "editors/analyzer.rs"]
mod analyzer;

use analyzer::Analyzer;

/// The file that is being edited, but for its production.
const BEFORE: &str = r#"
use iop::prelude::*;

#[message(response = Greeting)]
pub struct Hello { pub name: String }

#[message]
pub struct Greeting { pub text: String }

#[business_service(poll)]
pub struct Clock {
    #[setting(default = "5s")]
    call_interval: Duration,
    #[target]
    outlet: Target<Hello>,
}

#[handlers]
impl Clock {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result { Ok(()) }
}

#[business_operation]
pub struct Greeter {
    #[setting(default = 1)]
    times: u32,
}

#[handlers]
impl Greeter {
    async fn greet(&mut self, hello: Hello) -> Result<Greeting> { Ok(Greeting { text: hello.name }) }
}

pub mod limits { pub const GREETINGS: u32 = 3; }

fn main() {}
"#;

/// What stands in the braces of the production, `|` for the cursor; and what must be among the completions.
const CASES: &[(&str, &str, &str)] = &[
    ("the component of an item", "clock: Clo|", "Clock"),
    ("a field of an item", "clock: Clock { outl| }, greeter: Greeter {},", "outlet"),
    ("the item that a target leads to", "clock: Clock { outlet: gree| }, greeter: Greeter {},", "greeter"),
    ("an option in #[item(…)]", "clock: Clock { outlet: greeter }, #[item(pool|)] greeter: Greeter {},", "pool_size"),
    ("the path of a setting's value", "greeter: Greeter { times: limits::GRE| },", "GREETINGS"),
    ("a second item behind a broken first", "clock: Clock { outlet }, greeter: Gree|", "Greeter"),
    // Beyond the six that are promised.
    ("an empty item", "clock: Clock { | }, greeter: Greeter {},", "outlet"),
    ("one more field", "clock: Clock { outlet: greeter, | }, greeter: Greeter {},", "call_interval"),
    ("an empty #[item(…)]", "clock: Clock { outlet: greeter }, #[item(|)] greeter: Greeter {},", "pool_size"),
    ("one more option", "clock: Clock { outlet: greeter }, #[item(pool_size = 2, |)] greeter: Greeter {},", "timeout"),
    ("an item in a list", "clock: Clock { outlet: [gree|] }, greeter: Greeter {},", "greeter"),
    ("a field of a second item", "clock: Clock { outl }, greeter: Greeter { ti| },", "times"),
    ("the item of a requirement", "greeter: Greeter {}, require order fifo from gree| to greeter;", "greeter"),
];

#[test]
fn a_half_written_production_completes_what_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut analyzer) = Analyzer::start(folder.path()) else {
        println!("skipped: there is no rust-analyzer; `rustup component add rust-analyzer` installs it");
        return;
    };
    let mut missing = Vec::new();
    for (what, body, expected) in CASES {
        let source = format!("{BEFORE}\nproduction! {{\n    pub Lab {{\n        {body}\n    }}\n}}\n");
        let labels = analyzer.completions(&source);
        if !labels.iter().any(|label| label.split(['(', ' ', '…']).next() == Some(*expected)) {
            missing.push(format!("{what}: `{expected}` is not among {:?}", &labels[..labels.len().min(12)]));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
