//! The engine as a child process, in a folder of its own: started, waited for, killed.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::Client;
use crate::production::PRODUCTION;
use crate::target::Target;
use crate::trouble::{Result, until};

/// The engine is ready within this time, or it needs a person.
const READY: Duration = Duration::from_secs(60);

/// Keeps the folders of all sites, to be looked at.
const KEEP: &str = "FAULT_KEEP";

/// Where an engine runs, again and again.
#[derive(Debug)]
pub(crate) struct Site {
    _folder: TempDir,
    /// The working directory of the engine; its store may be elsewhere.
    pub(crate) folder: PathBuf,
    store: PathBuf,
    pub(crate) target: Target,
    production: &'static str,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl Site {
    /// An empty folder, and a target.
    pub(crate) fn new() -> Result<Self> {
        let mut temporary = tempfile::tempdir()?;
        if std::env::var_os(KEEP).is_some() {
            temporary.disable_cleanup(true);
            eprintln!("   kept: {}", temporary.path().display());
        }
        let folder = temporary.path().to_owned();
        let target = Target::start(&folder.join("target.log"))?;
        let store = folder.join("store");
        Ok(Self {
            _folder: temporary,
            folder,
            store,
            target,
            production: "works",
            environment: Vec::new(),
            wrapper: Vec::new(),
        })
    }

    /// Another place for the store.
    #[must_use]
    pub(crate) fn with_store(mut self, store: PathBuf) -> Self {
        self.store = store;
        self
    }

    /// A variable of the environment of every later run.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Which production every later run is.
    pub(crate) fn run_production(&mut self, production: &'static str) {
        self.production = production;
    }

    /// A program before every later run, such as `strace`; none for an empty one.
    pub(crate) fn wrap(&mut self, wrapper: &[&str]) {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.store.clone()
    }

    pub(crate) fn inbox(&self) -> PathBuf {
        self.folder.join("in")
    }

    /// What the engine said, in all its runs.
    pub(crate) fn said(&self) -> String {
        let said = fs::read(self.folder.join("engine.log")).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    fn log(&self) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(self.folder.join("engine.log"))?)
    }

    /// The engine with a command line; output goes to the log.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<Command> {
        let program = std::env::current_exe()?;
        let mut command = match self.wrapper.split_first() {
            None => Command::new(program),
            Some((wrapper, rest)) => {
                let mut command = Command::new(wrapper);
                command.args(rest).arg(program);
                command
            }
        };
        command
            .args(arguments)
            .arg("--store")
            .arg(&self.store)
            .current_dir(&self.folder)
            .env(PRODUCTION, self.production)
            .env("IOP__HTTP", "off")
            .env("IOP__LOG", "warn")
            .env("IOP__OUTSIDE__ADDRESS", self.target.address().to_string())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(self.log()?)
            .stderr(self.log()?);
        Ok(command)
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn start(&self) -> Result<Engine> {
        let mut engine = self.launch()?;
        engine.until_ready(self)?;
        Ok(engine)
    }

    /// Starts it although the production is not the one that the store was left by: what has no item any more is held.
    pub(crate) fn start_holding(&self) -> Result<Engine> {
        let mut engine = self.launch_with(&["--orphans=hold", "--changed=hold"])?;
        engine.until_ready(self)?;
        Ok(engine)
    }

    /// Starts it, and does not wait.
    pub(crate) fn launch(&self) -> Result<Engine> {
        self.launch_with(&[])
    }

    fn launch_with(&self, more: &[&str]) -> Result<Engine> {
        // Left behind by one that was killed, it would lead to nobody.
        drop(fs::remove_file(self.store.join("http-address")));
        let arguments = [&["run", "--set", "iop.http=127.0.0.1:0"], more].concat();
        let child = self.command(&arguments)?.spawn()?;
        self.target.remark("an engine starts")?;
        Ok(Engine { child, began: Instant::now(), store: self.store.clone() })
    }

    /// Runs the engine until there is nothing left to do; 5 says that messages are suspended.
    pub(crate) fn finish(&self) -> Result<ExitStatus> {
        Ok(self.command(&["run", "--until-idle"])?.status()?)
    }

    /// The same, and whatever its end says but for suspended messages is an error.
    pub(crate) fn drain(&self) -> Result<()> {
        let status = self.finish()?;
        match status.code() {
            Some(0 | 5) => Ok(()),
            _ => Err(format!("the engine did not come to its end ({status}):\n{}", tail(&self.said())).into()),
        }
    }

    /// Runs a command of the production that ends by itself: what it printed, and its code.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
        let output = self.command(arguments)?.stdout(Stdio::piped()).stderr(Stdio::piped()).output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(12)).copied().collect::<Vec<_>>().join("\n")
}

/// A running engine; killed where it is dropped.
#[derive(Debug)]
pub(crate) struct Engine {
    child: Child,
    began: Instant,
    store: PathBuf,
}

impl Engine {
    /// Waits until it answers; how long that took since its start.
    pub(crate) fn until_ready(&mut self, site: &Site) -> Result<Duration> {
        let address = self.store.join("http-address");
        let child = &mut self.child;
        until("the engine answers", READY, || {
            if let Some(status) = child.try_wait()? {
                return Err(format!("the engine ended ({status}):\n{}", tail(&site.said())).into());
            }
            Ok(address.exists() && Client::of(&site.store).get("/healthz").is_ok_and(|answer| answer.status == 200))
        })
        .map_err(|error| format!("{error}\n{}", tail(&site.said())))?;
        Ok(self.began.elapsed())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// `kill -9`; an error where it had ended by itself.
    pub(crate) fn kill(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("the engine ended by itself ({status})").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status()?;
        if sent.success() { Ok(()) } else { Err(format!("cannot send SIG{name}").into()) }
    }

    /// SIGTERM, and waits for the end; how long it took.
    pub(crate) fn stop(mut self) -> Result<(Duration, ExitStatus)> {
        let begin = Instant::now();
        self.signal("TERM")?;
        let status = self.wait(Duration::from_secs(60))?;
        Ok((begin.elapsed(), status))
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let mut status = None;
        let child = &mut self.child;
        until("the engine ends", limit, || {
            status = child.try_wait()?;
            Ok(status.is_some())
        })?;
        status.ok_or_else(|| "the engine has not ended".into())
    }

    /// The memory it has now, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        proc_status(self.id(), "VmRSS:")
    }

    /// The most memory it ever had, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        proc_status(self.id(), "VmHWM:")
    }
}

fn proc_status(id: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

impl Drop for Engine {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program of this name can be started.
pub(crate) fn is_there(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|path: PathBuf| Path::new(&path).join(program).exists()))
}
