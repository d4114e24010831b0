//! A rust-analyzer and one open file. It is given the crates by hand (`rust-project.json`), with the macros as the tests
//! were built with them, so that it need not run cargo, and neither waits for a build nor makes one.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

/// An answer that does not come within this time does not come.
const DEADLINE: Duration = Duration::from_secs(180);

/// A running rust-analyzer.
pub(crate) struct Analyzer {
    child: Child,
    stdin: ChildStdin,
    said: Receiver<Value>,
    file: PathBuf,
    /// The number of the last request.
    request: u64,
    version: u64,
    /// It has nothing left to do.
    quiet: bool,
}

impl Analyzer {
    /// Starts it on an empty file in `folder`; `None` where there is none to start.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let version = Command::new("rust-analyzer").arg("--version").output().ok()?;
        if !version.status.success() {
            return None;
        }
        let file = folder.join("main.rs");
        std::fs::write(&file, "").unwrap();
        let spawned = Command::new("rust-analyzer")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = spawned.unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, said) = channel();
        // Ends with the process, whose output ends then.
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut analyzer = Self { child, stdin, said, file, request: 0, version: 0, quiet: false };
        analyzer.initialize(folder);
        Some(analyzer)
    }

    fn initialize(&mut self, folder: &Path) {
        let options = json!({
            "linkedProjects": [project(&self.file)],
            "checkOnSave": false,
            "cachePriming": {"enable": false},
            "files": {"watcher": "server"},
        });
        self.ask(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri(folder),
                "capabilities": {"experimental": {"serverStatusNotification": true}},
                "initializationOptions": options,
            }),
        );
        self.tell("initialized", &json!({}));
    }

    /// What it offers in `source` where `|` stands.
    pub(crate) fn completions(&mut self, source: &str) -> Vec<String> {
        let at = source.rfind('|').expect("a cursor");
        let text = [&source[..at], &source[at + 1..]].concat();
        self.open(&text);
        let line = text[..at].matches('\n').count();
        let character = at - text[..at].rfind('\n').map_or(0, |end| end + 1);
        let place =
            json!({"textDocument": {"uri": uri(&self.file)}, "position": {"line": line, "character": character}});
        let started = Instant::now();
        loop {
            let answer = self.ask("textDocument/completion", &place);
            // The file was changed while it looked: it says so, and is asked once more.
            if answer.get("error").is_none() {
                let items = if answer["result"].is_array() { &answer["result"] } else { &answer["result"]["items"] };
                let labels = items.as_array().into_iter().flatten().filter_map(|item| item["label"].as_str());
                return labels.map(str::to_owned).collect();
            }
            assert!(started.elapsed() < DEADLINE, "{answer}");
        }
    }

    fn open(&mut self, text: &str) {
        self.version += 1;
        let file = json!({"uri": uri(&self.file), "version": self.version, "languageId": "rust", "text": text});
        if self.version > 1 {
            self.tell("textDocument/didChange", &json!({"textDocument": file, "contentChanges": [{"text": text}]}));
            return;
        }
        self.tell("textDocument/didOpen", &json!({"textDocument": file}));
        while !self.quiet {
            let message = self.next();
            self.hear(&message);
        }
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.request += 1;
        let id = self.request;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.hear(&message);
        }
    }

    /// What it says by itself: how it is, and requests to the editor, which has nothing to say.
    fn hear(&mut self, message: &Value) {
        if message["method"] == "experimental/serverStatus" {
            assert_ne!(message["params"]["health"], "error", "{message}");
            self.quiet = message["params"]["quiescent"] == true;
        }
        if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
            self.send(&json!({"jsonrpc": "2.0", "id": id, "result": null}));
        }
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    fn next(&mut self) -> Value {
        self.said.recv_timeout(DEADLINE).expect("rust-analyzer goes on")
    }
}

impl Drop for Analyzer {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One message of the protocol; `None` at the end.
fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(("Content-Length", value)) = line.split_once(": ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The crates: the file, the library, and its macros as they were built for this test.
fn project(file: &Path) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    let a_crate = |name: &str, root: PathBuf, needs: Value| json!({"display_name": name, "root_module": root, "edition": "2024", "deps": needs, "cfg": [], "env": {}});
    let mut macros = a_crate("iop_macros", root.join("iop-macros/src/lib.rs"), json!([]));
    macros["is_proc_macro"] = true.into();
    macros["proc_macro_dylib_path"] = built_macros().to_string_lossy().into();
    let library = a_crate("iop", root.join("iop-runtime/src/lib.rs"), json!([{"crate": 0, "name": "iop_macros"}]));
    let main = a_crate("fixture", file.to_owned(), json!([{"crate": 1, "name": "iop"}]));
    json!({"sysroot": sysroot.trim(), "crates": [macros, library, main]})
}

/// The library of the macros beside this test; the latest, where there are several.
fn built_macros() -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

    let program = std::env::current_exe().unwrap();
    let begins = format!("{DLL_PREFIX}iop_macros-");
    let built = std::fs::read_dir(program.parent().unwrap()).unwrap().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(&begins) && name.ends_with(DLL_SUFFIX)
    });
    let written = |entry: &std::fs::DirEntry| entry.metadata().and_then(|about| about.modified());
    let latest = built.max_by_key(|entry| written(entry).unwrap_or(SystemTime::UNIX_EPOCH));
    latest.expect("the macros were built for this test").path()
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
