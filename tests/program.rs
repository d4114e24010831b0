//! A production in a process of its own, with a store on disk: to be called from outside and killed.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::{Answer, post};

/// A state that does not come within this time does not come, on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running program. Dropped, it is killed.
#[derive(Debug)]
pub struct Program {
    child: Child,
    store: PathBuf,
}

impl Program {
    /// Starts a program whose command line is that of `iop::run`, and waits until it answers calls. What it says goes to
    /// a file beside the store.
    ///
    /// # Panics
    /// Where it ends before that, with what it said.
    pub fn start(mut command: Command, store: &Path) -> Self {
        let address = store.join("http-address");
        // Left behind by a process that was killed, it would lead to nobody.
        if let Err(error) = fs::remove_file(&address) {
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        }
        let said = store.with_extension("log");
        let log = File::options().create(true).append(true).open(&said).expect("the folder of the store exists");
        command.arg("--store").arg(store).args(["--set", "iop.http=127.0.0.1:0"]).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the program starts");
        let mut program = Self { child, store: store.to_owned() };
        until("the program listens", || {
            if let Ok(Some(status)) = program.child.try_wait() {
                panic!("it ended with {status}: {}", fs::read_to_string(&said).unwrap_or_default());
            }
            address.exists()
        });
        program
    }

    /// Posts JSON to a path of its HTTP entrance.
    ///
    /// # Errors
    /// Where the process dies before it answers.
    ///
    /// # Panics
    /// Where the files that lead to the entrance are not there.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        let entrance = Entrance::of(&self.store);
        entrance.post(path, headers, body)
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// Where the system does not let us.
    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a running program is called.
#[derive(Debug, Clone)]
pub struct Entrance {
    address: SocketAddr,
    token: String,
}

impl Entrance {
    /// The entrance of the program that has the store.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn of(store: &Path) -> Self {
        let line = |file| fs::read_to_string(store.join(file)).expect("it lies in the store").trim().to_owned();
        Self { address: line("http-address").parse().expect("an address"), token: line("http-token") }
    }

    /// Posts JSON to a path.
    ///
    /// # Errors
    /// Where the process dies before it answers.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [headers, &[("Authorization", authorization.as_str())]].concat();
        post(self.address, path, &headers, body)
    }
}

/// Waits for a state.
///
/// # Panics
/// Where it does not come; `what` says which.
pub fn until(what: &str, mut look: impl FnMut() -> bool) {
    let start = Instant::now();
    while !look() {
        assert!(start.elapsed() < DEADLINE, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
