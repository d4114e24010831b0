//! Whether a person looks: colour, questions and progress are for a terminal only.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::ValueEnum;

use super::exit::{Exit, Failure};
use crate::events::Look;

/// When the output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// How what goes to stdout looks.
pub(crate) fn look(color: Color) -> Look {
    let coloured = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            wanted && io::stdout().is_terminal()
        }
    };
    if coloured { Look::Coloured } else { Look::Plain }
}

/// The rows of the terminal on stdout; `None` where nobody knows.
pub(crate) fn rows() -> Option<usize> {
    #[cfg(unix)]
    let rows = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_row));
    #[cfg(not(unix))]
    let rows = None;
    rows.filter(|rows| *rows > 0)
}

/// What is about to happen was confirmed: with `--yes`, or by a person at a terminal who is asked. Where nobody can be asked,
/// nothing happens.
pub(crate) fn confirmed(yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::new(Exit::CheckFailed, format!("this would {what}; `--yes` does it")));
    }
    let mut terminal = io::stderr();
    let mut answer = String::new();
    let asked = write!(terminal, "{what}? [y/N] ").and_then(|()| terminal.flush());
    asked.and_then(|()| io::stdin().lock().read_line(&mut answer)).map_err(Failure::failed)?;
    if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::CheckFailed, "nothing was done"))
}

/// How far a long piece of work is, on one line of the terminal that is written anew. Elsewhere it says nothing.
#[derive(Debug)]
pub(crate) struct Progress {
    /// `None` where nobody knows.
    all: Option<u64>,
    shown: bool,
}

/// The width of the bar.
const BAR: u64 = 30;

impl Progress {
    /// Of so many.
    pub(crate) fn of(all: u64) -> Self {
        Self { all: Some(all), shown: io::stderr().is_terminal() }
    }

    /// Of nobody knows how many.
    pub(crate) fn open_ended() -> Self {
        Self { all: None, shown: io::stderr().is_terminal() }
    }

    /// So many are done.
    pub(crate) fn at(&self, done: u64, words: &str) {
        if self.shown {
            // Where the terminal is gone there is nobody to tell.
            let line = self.all.map_or_else(|| format!("{done} {words}"), |all| bar(done, all, words));
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// `[=====          ] 12 of 34  2 failed`
fn bar(done: u64, all: u64, words: &str) -> String {
    let full = (done.min(all) * BAR).checked_div(all).unwrap_or(BAR);
    let full = usize::try_from(full).unwrap_or_default();
    let bar = "=".repeat(full);
    format!("[{bar:<30}] {done} of {all}  {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_the_end_and_never_fuller() {
        assert_eq!(bar(0, 4, ""), format!("[{}] 0 of 4  ", " ".repeat(30)));
        assert_eq!(bar(2, 4, "1 failed"), format!("[{}{}] 2 of 4  1 failed", "=".repeat(15), " ".repeat(15)));
        assert_eq!(bar(9, 4, ""), format!("[{}] 9 of 4  ", "=".repeat(30)));
        assert_eq!(bar(0, 0, ""), format!("[{}] 0 of 0  ", "=".repeat(30)));
    }
}
