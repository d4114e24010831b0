//! One caller of the HTTP entrance, with a connection that it keeps.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What `Retry-After` says.
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// A caller of whoever runs on a store.
#[derive(Debug)]
pub(crate) struct Client {
    store: PathBuf,
    open: Option<(BufReader<TcpStream>, String)>,
    patience: Duration,
}

impl Client {
    pub(crate) fn of(store: &Path) -> Self {
        Self { store: store.to_owned(), open: None, patience: Duration::from_secs(30) }
    }

    /// Answers that take longer than this are none.
    pub(crate) fn patience(&mut self, patience: Duration) {
        self.patience = patience;
        self.open = None;
    }

    fn connect(&self) -> io::Result<(BufReader<TcpStream>, String)> {
        let line = |file| fs::read_to_string(self.store.join(file)).map(|text| text.trim().to_owned());
        let stream = TcpStream::connect(line("http-address")?)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.patience))?;
        Ok((BufReader::new(stream), line("http-token")?))
    }

    /// Posts JSON; after an error nobody knows what became of it.
    pub(crate) fn post(&mut self, path: &str, key: &str, body: &str) -> io::Result<Answer> {
        self.call("POST", path, key, body)
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.call("GET", path, "", "")
    }

    fn call(&mut self, method: &str, path: &str, key: &str, body: &str) -> io::Result<Answer> {
        let (mut stream, token) = match self.open.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        stream.get_mut().write_all(head(method, path, key, &token, body).as_bytes())?;
        let (answer, stays) = read(&mut stream)?;
        if stays {
            self.open = Some((stream, token));
        }
        Ok(answer)
    }

    /// Sends a request, and is gone before the answer.
    pub(crate) fn post_and_leave(&mut self, path: &str, key: &str, body: &str) -> io::Result<()> {
        let (mut stream, token) = self.connect()?;
        stream.get_mut().write_all(head("POST", path, key, &token, body).as_bytes())
    }
}

fn head(method: &str, path: &str, key: &str, token: &str, body: &str) -> String {
    let key = if key.is_empty() { String::new() } else { format!("Idempotency-Key: {key}\r\n") };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{key}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An answer, and whether the connection goes on.
fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
    let (mut length, mut retry_after, mut stays) = (0, None, true);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "retry-after" => retry_after = Some(value.to_owned()),
            "connection" => stays = !value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    if line.trim_end() != "" || !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((Answer { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() }, stays))
}
