//! The console in a browser: as a person uses it, as somebody who cannot see it does, and as an attacker would. Scripts under
//! `browser/` drive Chromium; this file starts the productions, gives the scripts what they need, and judges what they say.
//!
//! `cargo test -p iop-tests --test browser` is all. Screenshots are left below the build output, in `tmp/browser/shots`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use iop_tests::child::{Ground, Process, read};

/// One browser at a time.
static ONE: Mutex<()> = Mutex::new(());

/// What the scripts run with.
struct Tools {
    chromium: PathBuf,
    modules: PathBuf,
}

impl Tools {
    /// What is here, or what is missing.
    fn find() -> Result<Self, String> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
        let chromium = chromium.ok_or("there is no Chromium; on Debian: apt-get install chromium")?;
        let version =
            said(Command::new("node").arg("--version")).map_err(|_| "there is no node, version 20 or newer")?;
        let major: u32 = version.trim_start_matches('v').split('.').next().unwrap_or_default().parse().unwrap_or(0);
        if major < 20 {
            return Err(format!("node is {}, and Playwright needs 20 or newer", version.trim()));
        }
        Ok(Self { chromium, modules: modules()? })
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// What a command that succeeds prints; what another says.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The packages of `package-lock.json`, among the build output.
fn modules() -> Result<PathBuf, String> {
    let folder = built("modules");
    let ours = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("browser").join(name);
    let lock = fs::read(ours("package-lock.json")).unwrap();
    let installed = folder.join("installed.json");
    if fs::read(&installed).is_ok_and(|of| of == lock) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "package-lock.json"] {
        fs::copy(ours(name), folder.join(name)).unwrap();
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    said(Command::new("npm").args(arguments).current_dir(&folder))
        .map_err(|error| format!("`npm ci` fails: {error}"))?;
    fs::write(installed, lock).unwrap();
    Ok(folder)
}

/// A folder among the build output.
fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name)
}

/// A production with its console, in a folder of its own.
struct Open {
    ground: Ground,
    _process: Process,
    store: PathBuf,
    /// What vouches for it, where it speaks TLS.
    certificate: Option<PathBuf>,
}

impl Open {
    fn start(program: &'static str, name: &str, settings: &[&str]) -> Self {
        Self::start_on(Ground::new(program), name, settings, None)
    }

    /// Behind a certificate of its own for this machine.
    fn start_behind_tls(program: &'static str, name: &str, settings: &[&str]) -> Self {
        let ground = Ground::new(program);
        let (certificate, key) = (ground.path("certificate.pem"), ground.path("key.pem"));
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let files = [("certificate", &certificate), ("key", &key)];
        let files = files.map(|(name, file)| format!("iop.tls_{name}={}", file.display()));
        let settings: Vec<&str> = files.iter().map(String::as_str).chain(settings.iter().copied()).collect();
        Self::start_on(ground, name, &settings, Some(certificate))
    }

    fn start_on(ground: Ground, name: &str, settings: &[&str], certificate: Option<PathBuf>) -> Self {
        let users = ground.path("users.toml").to_string_lossy().into_owned();
        let mut tokens = String::new();
        for role in ["viewer", "reader", "operator"] {
            let user = format!("a-{role}");
            let set = format!("iop.users={users}");
            let added = ground.run(&["user", "add", &user, "--role", role, "--set", &set]);
            assert_eq!(added.code, Some(0), "{}", added.err);
            tokens.push_str(&format!("{role} {}\n", added.out.trim()));
        }
        fs::write(ground.path("tokens"), tokens).unwrap();
        let users = format!("iop.users={users}");
        let mut arguments = vec!["run", "--set", "iop.http=127.0.0.1:0", "--set", &users];
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let mut process = ground.start(&arguments);
        let store = ground.path("iop-data").join(name);
        process.wait_for("the console listens", || {
            let address = read(&store.join("http-address"));
            TcpStream::connect(address.trim().trim_start_matches("https://")).is_ok()
        });
        Self { ground, _process: process, store, certificate }
    }

    /// Runs a script on the console. It prints a line for each case.
    fn run(&self, tools: &Tools, script: &str) {
        let shots = built("shots").join(script.trim_end_matches(".mjs"));
        fs::create_dir_all(&shots).unwrap();
        let address = read(&self.store.join("http-address"));
        let address = address.trim();
        // A scheme is written where it is not the usual one.
        let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser").join(script))
            .env("CONSOLE_URL", url)
            .env("CONSOLE_TOKEN", read(&self.store.join("http-token")).trim())
            .env("CONSOLE_TOKENS", self.ground.path("tokens"))
            .env("CHROMIUM", &tools.chromium)
            .env("MODULES", &tools.modules)
            .env("SHOTS", &shots)
            .envs(self.certificate.as_ref().map(|file| ("NODE_EXTRA_CA_CERTS", file)))
            .env("TZ", "UTC")
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Not `println!`, which the harness keeps to itself where a test passes.
        let _ = write!(std::io::stderr(), "\n{script}\n{text}");
        assert!(output.status.success(), "{script}: {text}screenshots are in {}", shots.display());
    }
}

/// Runs `with` the tools, or says what is missing.
fn in_a_browser(with: impl FnOnce(&Tools)) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    match Tools::find() {
        Ok(tools) => with(&tools),
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "skipped a test of the console in a browser: {missing}");
        }
    }
}

/// Nothing happens in the hospital but what a script does.
const STILL: [&str; 4] =
    ["hl7_in.enabled=false", "device_in.enabled=false", "csv_in.enabled=false", "lis_rest.backoff=10ms"];

fn quiet_hospital() -> Open {
    Open::start(env!("CARGO_BIN_EXE_hospital_program"), "hospital", &STILL)
}

#[test]
fn a_person_finds_mends_and_sends_messages_in_the_console() {
    in_a_browser(|tools| quiet_hospital().run(tools, "cases.mjs"));
}

#[test]
fn every_page_can_be_used_by_who_cannot_see_it_or_sees_little() {
    in_a_browser(|tools| quiet_hospital().run(tools, "accessible.mjs"));
}

#[test]
fn a_user_logs_in_over_tls_and_follows_a_message_that_failed() {
    in_a_browser(|tools| {
        Open::start_behind_tls(env!("CARGO_BIN_EXE_hospital_program"), "hospital", &STILL).run(tools, "secure.mjs");
    });
}

#[test]
fn no_script_in_a_message_a_table_a_reason_or_a_setting_runs() {
    in_a_browser(|tools| {
        let manner = "mouth.manner=\"><script>alert('setting')</script><svg onload=alert(1)>";
        Open::start(env!("CARGO_BIN_EXE_hostile_program"), "hostile", &[manner]).run(tools, "hostile.mjs");
    });
}

/// Makes the pictures of the documents anew: `cargo test -p iop-tests --test browser -- --ignored`.
#[test]
#[ignore = "writes into docs/img"]
fn the_pictures_of_the_documents_are_made() {
    in_a_browser(|tools| {
        Open::start(env!("CARGO_BIN_EXE_hospital_program"), "hospital", &[]).run(tools, "pictures.mjs");
    });
}
