//! A person at a terminal: a screen that is watched, and left as it was found.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::desk::Desk;

/// What does not come within this time does not come.
const DEADLINE: Duration = Duration::from_secs(60);

/// A terminal, seen from where its person sits.
struct Terminal {
    person: File,
    program: File,
    written: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn open(rows: u16) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&person).and_then(|()| unlockpt(&person)).expect("its other side");
        let name = ptsname(&person, Vec::new()).expect("its name");
        let program =
            File::options().read(true).write(true).open(name.to_str().expect("a path")).expect("the other side");
        let (to, written) = mpsc::channel();
        let mut screen = File::from(person.try_clone().expect("a second reader"));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = screen.read(&mut bytes) {
                if count == 0 || to.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let terminal = Self { person: person.into(), program, written, seen: String::new() };
        terminal.resize(rows);
        terminal
    }

    fn resize(&self, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.person, size).expect("it has a size");
    }

    /// Starts the program with this terminal for everything.
    fn run(&self, desk: &Desk, arguments: &[&str]) -> Child {
        let side = || self.program.try_clone().expect("the same terminal");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command.args(arguments).current_dir(desk.path("")).env("IOP__HTTP", "off");
        command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("the program starts")
    }

    /// Looks until it shows a text.
    fn shows(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let more = self.written.recv_timeout(DEADLINE);
            let more = more.unwrap_or_else(|_| panic!("it does not show {text:?}: {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&self.program).expect("it is a terminal").local_modes
    }
}

#[test]
fn what_is_watched_ends_with_a_key_or_a_signal_and_leaves_the_terminal_as_it_was() {
    let desk = Desk::new();
    let running = desk.serve(&[]);
    for (ends, code) in [("q", 0), ("INT", 130), ("TERM", 130), ("HUP", 130)] {
        let mut terminal = Terminal::open(24);
        let before = terminal.modes();
        let mut top = terminal.run(&desk, &["top", "--every", "1h"]);
        terminal.shows("q ends it");
        terminal.shows("analyser");
        assert!(terminal.seen.contains("\x1b[?1049h"), "a screen of its own: {:?}", terminal.seen);
        assert!(!terminal.modes().contains(LocalModes::ECHO), "keys are not shown");
        // A smaller window is filled anew at once, though the next look is far away.
        terminal.seen.clear();
        terminal.resize(5);
        terminal.shows("more lines; `status` shows them all");
        terminal.seen.clear();
        if ends == "q" {
            // An arrow begins with Escape, and ends nothing.
            terminal.person.write_all(b"\x1b[Aq").expect("keys are pressed");
        } else {
            let id = top.id().to_string();
            assert!(Command::new("kill").args(["-s", ends, &id]).status().expect("a signal").success());
        }
        assert_eq!(top.wait().expect("it ends").code(), Some(code), "{ends}: {:?}", terminal.seen);
        terminal.shows("\x1b[?25h\x1b[?7h\x1b[?1049l");
        assert_eq!(terminal.modes(), before, "{ends}");
    }
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
}
