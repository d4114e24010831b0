//! A program in a process and a folder of its own, to be looked at while it runs, and killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A state that does not come within this time does not come.
const DEADLINE: Duration = Duration::from_secs(120);

/// The folder that a program runs in, again and again.
#[derive(Debug)]
pub struct Ground {
    folder: TempDir,
    program: &'static str,
    environment: Vec<(&'static str, String)>,
    runs: AtomicUsize,
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ground {
    /// An empty folder for `program`, given by its path.
    ///
    /// # Panics
    /// Where no folder can be made.
    #[must_use]
    pub fn new(program: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the program");
        Self { folder, program, environment: Vec::new(), runs: AtomicUsize::new(0) }
    }

    /// Sets a variable of the environment of every later run.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// A path below the folder.
    #[must_use]
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Starts the program; an HTTP entrance would only be in the way of others, unless `arguments` ask for one.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Process {
        self.start_under(&[], arguments)
    }

    /// The same, as an argument of another program, such as `strace`.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_under(&self, other: &[&str], arguments: &[&str]) -> Process {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let (out, err) = (self.path(&format!("out-{run}.log")), self.path(&format!("err-{run}.log")));
        let all = [other, &[self.program], arguments].concat();
        let child = Command::new(all[0])
            .args(&all[1..])
            .current_dir(self.folder.path())
            .env("IOP__HTTP", "off")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(File::create(&out).expect("a file for its output"))
            .stderr(File::create(&err).expect("a file for its log"))
            .spawn()
            .expect("the program starts");
        Process { child, out, err }
    }

    /// Runs the program until it ends by itself.
    ///
    /// # Panics
    /// Where it does not end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }
}

/// A running program; killed where it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Waits for a state of the world outside.
    ///
    /// # Panics
    /// Where it does not come, or the program ends before.
    pub fn wait_for(&mut self, what: &str, mut state: impl FnMut() -> bool) {
        let start = Instant::now();
        while !state() {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                panic!("the program ended ({status}) before: {what}\n{}", read(&self.err));
            }
            assert!(start.elapsed() < DEADLINE, "it did not come to: {what}\n{}", read(&self.err));
            // Between two looks at the state, so that the program gets the processor.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends the program a signal, by its name without `SIG`.
    ///
    /// # Panics
    /// Where it cannot be sent.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).status().expect("a shell");
        assert!(sent.success(), "the program gets SIG{name}");
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file with what it has put out so far.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.out.clone()
    }

    /// Kills the program with a signal that it cannot see (SIGKILL).
    ///
    /// # Panics
    /// Where it has ended by itself before.
    pub fn kill(mut self) {
        self.child.kill().expect("the program can be killed");
        let status = self.child.wait().expect("the program can be waited for");
        assert_eq!(status.code(), None, "it ended by itself before it was killed:\n{}", read(&self.err));
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Panics
    /// Where it does not end.
    #[must_use]
    pub fn end(mut self) -> Ended {
        let start = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                break status.code();
            }
            assert!(start.elapsed() < DEADLINE, "the program does not end:\n{}", read(&self.err));
            std::thread::sleep(Duration::from_millis(1));
        };
        Ended { code, out: read(&self.out), err: read(&self.err) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a file holds now; nothing where there is none.
#[must_use]
pub fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The names in a folder, sorted; those with a leading dot left out. None where there is no folder.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
