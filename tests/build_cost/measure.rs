//! Runs cargo in a folder of its own, and measures how long it took and how much of the processor it used.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

/// What a command cost, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: f64,
    /// Of all processors together; `None` where the system does not say.
    pub(crate) cpu: Option<f64>,
}

impl Cost {
    /// What is compared: the processor time, which other programs change least.
    pub(crate) fn compared(self) -> f64 {
        self.cpu.unwrap_or(self.wall)
    }
}

/// The folder: packages side by side, one folder for what is built.
pub(crate) struct Workshop {
    folder: TempDir,
    root: PathBuf,
}

/// A package with one source file.
pub(crate) struct Package {
    folder: PathBuf,
    source: PathBuf,
}

impl Workshop {
    pub(crate) fn open(root: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no folder to build in: {error}"))?;
        Ok(Self { folder, root: root.to_owned() })
    }

    /// A package of its own workspace, with the versions of the repository.
    pub(crate) fn package(&self, name: &str, source: &str) -> Result<Package, String> {
        let folder = self.folder.path().join(name);
        let main = folder.join("src/main.rs");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             iop = {{ package = \"iop-runtime\", path = {:?} }}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n",
            self.root.join("iop-runtime")
        );
        let write = |path: &Path, text: &str| std::fs::write(path, text);
        std::fs::create_dir_all(folder.join("src"))
            .and_then(|()| write(&folder.join("Cargo.toml"), &manifest))
            .and_then(|()| write(&main, source))
            .and_then(|()| std::fs::copy(self.root.join("Cargo.lock"), folder.join("Cargo.lock")).map(drop))
            .map_err(|error| format!("cannot write the package {name}: {error}"))?;
        Ok(Package { folder, source: main })
    }

    fn command(&self, package: &Package, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        command.args(arguments).arg("--offline").current_dir(&package.folder);
        command.env("CARGO_TARGET_DIR", self.folder.path().join("target"));
        // What cargo sets for the program that it runs is not meant for the one that this runs.
        for (name, _) in std::env::vars() {
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Crates that a package needs, itself left out.
    pub(crate) fn crates(&self, package: &Package) -> Result<usize, String> {
        let arguments = ["tree", "--edges", "normal,build", "--prefix", "none"];
        let output = self.command(package, &arguments).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let names: std::collections::BTreeSet<&str> =
            text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
        Ok(names.len() - 1)
    }

    /// `cargo build` or `cargo check` as things are.
    pub(crate) fn cargo(&self, package: &Package, what: &str) -> Result<Cost, String> {
        self.cargo_with(package, what, "1")
    }

    fn cargo_with(&self, package: &Package, what: &str, incremental: &str) -> Result<Cost, String> {
        let mut command = self.command(package, &[what, "--quiet"]);
        command.env("CARGO_INCREMENTAL", incremental).stdout(Stdio::null()).stderr(Stdio::piped());
        let (started, cpu) = (Instant::now(), cpu_of_children());
        let output = command.output().map_err(|error| format!("cargo does not start: {error}"))?;
        let wall = started.elapsed().as_secs_f64();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(Cost { wall, cpu: cpu_of_children().zip(cpu).map(|(after, before)| after - before) })
    }

    /// A check of the whole crate, whose dependencies are there.
    pub(crate) fn whole(&self, package: &Package, runs: usize) -> Result<Cost, String> {
        // Once for what it needs, in the same way.
        self.cargo_with(package, "check", "0")?;
        self.least(runs, || {
            touch(&package.source)?;
            self.cargo_with(package, "check", "0")
        })
    }

    /// A check after one handler was changed: a text in it, once more and once less.
    pub(crate) fn changed(&self, package: &Package, text: &str, runs: usize) -> Result<Cost, String> {
        self.cargo(package, "check")?;
        let source = std::fs::read_to_string(&package.source).map_err(|error| error.to_string())?;
        if !source.contains(text) {
            return Err(format!("no handler says `{text}`"));
        }
        let mut run = 0;
        self.least(runs, || {
            run += 1;
            let changed = source.replacen(text, &format!("{text}{}", ".".repeat(run)), 1);
            std::fs::write(&package.source, changed).map_err(|error| error.to_string())?;
            self.cargo(package, "check")
        })
    }

    fn least(&self, runs: usize, mut run: impl FnMut() -> Result<Cost, String>) -> Result<Cost, String> {
        let mut least: Option<Cost> = None;
        for _ in 0..runs {
            let cost = run()?;
            least = Some(least.filter(|least| least.compared() <= cost.compared()).unwrap_or(cost));
        }
        least.ok_or_else(|| format!("nothing was measured in {}", self.folder.path().display()))
    }
}

fn touch(path: &Path) -> Result<(), String> {
    let now = std::fs::File::options().append(true).open(path);
    now.and_then(|file| file.set_modified(std::time::SystemTime::now())).map_err(|error| error.to_string())
}

/// Seconds of the processor that children of this process have used, those that have ended.
fn cpu_of_children() -> Option<f64> {
    /// What Linux counts in, on every platform that Rust runs on.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in parentheses, and may have anything in it; cutime and cstime are the 14th and 15th
    // field behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / TICKS)
}
