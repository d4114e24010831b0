//! A screen of its own on the terminal, and the keys that are pressed before it. Whatever ends it, the terminal is as it was.

use std::io::{self, Write};

/// Another screen, on which a line that is too long is cut off and no cursor is seen; and back to what was there before.
const ENTER: &str = "\x1b[?1049h\x1b[?7l\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?7h\x1b[?1049l";

/// The screen; when it is dropped, it is left.
#[derive(Debug)]
pub(crate) struct Screen {
    keys: Keys,
}

impl Screen {
    /// Goes there. Keys are heard only where standard input is a terminal.
    pub(crate) fn enter(out: &mut dyn Write) -> io::Result<Self> {
        let screen = Self { keys: Keys::hear() };
        write!(out, "{ENTER}")?;
        out.flush()?;
        Ok(screen)
    }

    /// Whether one of these keys was pressed since the last time it was asked.
    pub(crate) fn pressed(&self, any: &[u8]) -> bool {
        self.keys.read().iter().any(|key| any.contains(key))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to put right.
        let mut out = io::stdout();
        let _ = write!(out, "{LEAVE}").and_then(|()| out.flush());
    }
}

/// A terminal that gives each key at once, shows none, and never keeps who reads waiting.
#[cfg(unix)]
#[derive(Debug)]
struct Keys {
    /// As it was; `None` where standard input is no terminal.
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl Keys {
    fn hear() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

        let Ok(before) = tcgetattr(io::stdin()) else { return Self { before: None } };
        let mut modes = before.clone();
        // Ctrl-C is a signal as ever. Ctrl-Z would leave the shell with this screen, and is no key here.
        modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        for (code, value) in [(SpecialCodeIndex::VMIN, 0), (SpecialCodeIndex::VTIME, 0), (SpecialCodeIndex::VSUSP, 0)] {
            modes.special_codes[code] = value;
        }
        let set = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        Self { before: set.is_ok().then_some(before) }
    }

    fn read(&self) -> Vec<u8> {
        let mut keys = [0; 64];
        let read = self.before.as_ref().map_or(Ok(0), |_| rustix::io::read(io::stdin(), &mut keys));
        keys.get(..read.unwrap_or(0)).unwrap_or_default().to_vec()
    }
}

#[cfg(unix)]
impl Drop for Keys {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        if let Some(before) = &self.before {
            // What was pressed and not read is not for the shell.
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Keys;

#[cfg(not(unix))]
impl Keys {
    fn hear() -> Self {
        Self
    }

    fn read(&self) -> Vec<u8> {
        Vec::new()
    }
}
