//! S5: a Flask application, in Python and in a process of its own, that calls a service over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use iop_tests::http::{Answer, post};
use iop_tests::program::{Program, until};

/// The application. Dropped, it is killed.
struct Flask {
    child: Child,
    address: SocketAddr,
}

impl Flask {
    /// Starts it on a port of its own and waits until it listens.
    fn start(python: &Path, store: &Path) -> Self {
        let mut command = Command::new(python);
        command.args(["-m", "flask", "--app", "app", "run", "--port", "0"]).current_dir(example());
        command.env("IOP_STORE", store).env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("Python starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.split_once("http://")?.1.split(' ').next()?.parse().ok());
        // Reads on, so that the application never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("Flask says where it listens") }
    }

    fn send(&self, service: &str, body: &str) -> Answer {
        post(self.address, &format!("/send_message/{service}"), &[], body).expect("the application answers")
    }
}

impl Drop for Flask {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/seed/s5_flask")
}

/// The Python of a virtual environment with Flask, made once and kept among the build output; or why there is none.
fn python() -> Result<PathBuf, String> {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flask");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
        if output.status.success() { Ok(()) } else { Err(said.lines().last().unwrap_or_default().to_owned()) }
    };
    if run(&python, &["-c", "import flask"]).is_ok() {
        return Ok(python);
    }
    run(Path::new("python3"), &["-m", "venv", "--clear", &environment.to_string_lossy()])
        .map_err(|error| format!("`python3 -m venv` fails: {error}"))?;
    let requirements = example().join("requirements.txt");
    run(
        &python,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &requirements.to_string_lossy()],
    )
    .map_err(|error| format!("`pip install flask` fails: {error}"))?;
    Ok(python)
}

#[test]
fn a_flask_application_gets_the_response_of_a_service_over_http() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            // Not `println!`: what a test that passes prints is not shown.
            let _ = writeln!(std::io::stderr(), "skipped the test with Flask, since there is none here: {reason}");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let mut command = Command::new(env!("CARGO_BIN_EXE_seed_program"));
    command.env("SEED_PRODUCTION", "one_service").arg("run");
    let production = Program::start(command, &store);
    let flask = Flask::start(&python, &store);

    let hello = r#"{"request_string": "hello"}"#;
    let body = r#"{"my_string":"MyBusinessService:on_process_input() echos"}"#.to_owned();
    assert_eq!(flask.send("service", hello), Answer { status: 200, body });

    let unfit = flask.send("service", r#"{"request_string": ["hello"]}"#);
    assert_eq!(unfit.status, 422, "{unfit:?}");
    assert!(unfit.body.contains(r#""path":"request_string""#), "{unfit:?}");

    let unknown = flask.send("servise", hello);
    assert_eq!(unknown.status, 404, "{unknown:?}");

    let item = production.post("/api/v1/items/service/stop", &[], "").expect("it answers");
    assert_eq!(item.status, 200, "{item:?}");
    assert_eq!(flask.send("service", hello).status, 503, "the service is stopped");

    production.kill();
    until("nobody answers for the production any more", || flask.send("service", hello).status == 503);
}
