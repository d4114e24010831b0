//! What is said: `tracing` events on the terminal and in the event log of the production that said them.
//!
//! The engine opens a span for each turn, whose fields say which production (`run`), `item`, `session` and `message` it
//! is for; outside of turns, one with `run` alone. Whatever is said inside, by the engine or by a handler, carries them.
//! Events outside such a span reach the terminal only: they belong to no production.

mod filter;
mod layer;
mod stored;
mod terminal;

pub use layer::EventLayer;
pub use stored::{Registration, register};
pub(crate) use terminal::{Look, escaped, escaped_lines, line};

use filter::parse_filter;
use tracing_subscriber::layer::SubscriberExt;

/// Makes this process's events go to the terminal (stderr) and to the event logs. Where the program has set a
/// subscriber of its own before, that one stays; give it an [`EventLayer`] for the event logs.
///
/// # Errors
/// What is wrong with `filter`: a level, or directives such as `info,my_crate=debug`.
pub fn install(filter: &str) -> Result<(), String> {
    let subscriber = tracing_subscriber::registry().with(parse_filter(filter)?).with(EventLayer::with_terminal());
    // A second production of the process finds the first one's subscriber, which serves it as well.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}
