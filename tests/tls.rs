//! The entrance over TLS: who is let in where, which certificate it shows, and what becomes of callers who do it wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use iop::clock::SystemClock;
use iop::director::http::users::UserFile;
use iop::director::http::{HttpEntrance, HttpError, HttpOptions, Patience};
use iop::director::{FailureKind, RemoteDirector, Role};
use iop::engine::{Running, StartOptions, Stop, start};
use iop::production::Production;
use iop::settings::{LayerSources, Layers, TlsFiles, resolve};
use iop::store::memory::MemoryStore;
use iop_tests::lab::Lab;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_util::sync::CancellationToken;

const NAME: &str = "iop.example.org";

/// A folder with a certificate for this machine and a name, its key, and a file with one user.
struct Folder {
    folder: TempDir,
    token: String,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = UserFile::open(&folder.path().join("users.toml")).unwrap();
        let token = users.add("ann", Role::Operator).unwrap().expose().to_owned();
        let folder = Self { folder, token };
        folder.renew();
        folder
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.path("certificate.pem"), key: self.path("key.pem") }
    }

    /// A new certificate with a new key; the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let names = [NAME, "localhost", "127.0.0.1"].map(str::to_owned);
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        std::fs::write(self.path("certificate.pem"), cert.pem()).unwrap();
        write_private(&self.path("key.pem"), &signing_key.serialize_pem());
        cert.der().clone()
    }

    /// What the certificate in use is, as the file has it.
    fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path("certificate.pem")).unwrap()
    }

    fn options(&self, address: &str) -> HttpOptions {
        HttpOptions {
            directory: Some(self.folder.path().to_owned()),
            grace: Duration::from_secs(5),
            users: Some(self.path("users.toml")),
            tls: Some(self.files()),
            names: vec![NAME.to_owned()],
            pages: iop::console::routes,
            ..HttpOptions::at(address.parse().unwrap())
        }
    }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The laboratory behind TLS.
struct Open {
    running: Running,
    folder: Folder,
    port: u16,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl Open {
    async fn lab() -> Self {
        let folder = Folder::new();
        let options = folder.options("127.0.0.1:0");
        Self::with(folder, options).await
    }

    async fn with(folder: Folder, options: HttpOptions) -> Self {
        let resolved = resolve(Lab::GRAPH, Lab::wiring(), &Layers::read(LayerSources::default())).unwrap();
        let store = MemoryStore::new(Arc::new(SystemClock));
        let how = StartOptions::default();
        let running = start(resolved, store, how).await.expect("it fits the store");
        let entrance = HttpEntrance::open(options).await.unwrap();
        let port = entrance.address().port();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(entrance.serve(running.director(), stop.clone()));
        Self { running, folder, port, stop, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// A call by a name, of somebody who speaks these versions of TLS; the version agreed on, and the whole answer.
    async fn call(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        request: &str,
    ) -> std::io::Result<(ProtocolVersion, String)> {
        let mut roots = RootCertStore::empty();
        roots.add(self.folder.certificate()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(ServerName::try_from(NAME).unwrap(), self.connect().await).await?;
        let version = stream.get_ref().1.protocol_version().unwrap();
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok((version, answer))
    }

    fn remote(&self, host: &str) -> RemoteDirector {
        let url = format!("https://{host}:{}", self.port);
        RemoteDirector::over_tls(&url, &self.folder.token, &self.path("certificate.pem")).unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path(file)
    }

    async fn close(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
        self.running.stop(Stop::Now).await.unwrap();
    }
}

async fn status(remote: &RemoteDirector) -> Result<Value, iop::director::CallFailure> {
    remote.ask(Method::GET, "/api/v1/status", Bytes::new()).await
}

#[tokio::test]
async fn a_remote_director_drives_over_tls_and_believes_no_other_certificate() {
    let lab = Open::lab().await;
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(status(&lab.remote(host)).await.unwrap()["production"], "Lab", "{host}");
    }
    // Another certificate of the same names.
    let other = Folder::new();
    let url = format!("https://localhost:{}", lab.port);
    let distrusts = RemoteDirector::over_tls(&url, "t", &other.path("certificate.pem")).unwrap();
    let failure = status(&distrusts).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.error.contains("did not prove") && failure.error.contains("nothing was sent"), "{failure}");
    let address = std::fs::read_to_string(lab.path("http-address")).unwrap();
    assert_eq!(address.trim(), format!("https://127.0.0.1:{}", lab.port));
    lab.close().await;
}

/// What the command line of the laboratory says of a production at a URL: exit code, output, and what stands beside it.
async fn typed(url: &str, more: &[&Path]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lab"));
    command.args(["status", "-o", "json", "--url", url, "--token-file"]).args(more);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn the_command_line_asks_over_tls_and_says_what_is_missing() {
    let lab = Open::lab().await;
    let url = format!("https://localhost:{}", lab.port);
    let (token, ca, flag) = (lab.path("token"), lab.path("certificate.pem"), Path::new("--ca"));
    write_private(&token, &lab.folder.token);
    let (code, out, err) = typed(&url, &[&token, flag, &ca]).await;
    let status: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {code:?} {out}{err}"));
    assert_eq!(status["production"], "Lab");

    let stranger = Folder::new();
    let (other, missing, plain) = (stranger.path("certificate.pem"), lab.path("missing"), url.replace("https", "http"));
    for (url, more, expected, said) in [
        (&url, [&*token, flag, &other].as_slice(), 6, "did not prove"),
        (&url, &[&token], 2, "`--ca FILE`"),
        (&url, &[&token, flag, &missing], 2, "cannot read"),
        (&plain, &[&token, flag, &ca], 2, "is not encrypted"),
    ] {
        let (code, out, err) = typed(url, more).await;
        assert_eq!((code, &*out), (Some(expected), ""), "{more:?}: {err}");
        assert!(err.contains(said), "{err}");
    }
    lab.close().await;
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let lab = Open::lab().await;
    let request = format!("GET /health/live HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
    for (offered, agreed) in [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let (version, answer) = lab.call(&[offered], &request).await.unwrap();
        assert_eq!(version, agreed);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    // The first words of a caller who knows TLS 1.1 and what is older: one cipher, no compression, two extensions
    // (groups and signatures) without which nobody would go on anyway.
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    hello.extend([0, 16, 0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 1]);
    let mut record =
        vec![22, 3, 1, 0, u8::try_from(hello.len() + 4).unwrap(), 1, 0, 0, u8::try_from(hello.len()).unwrap()];
    record.extend(&hello);
    let mut stream = lab.connect().await;
    stream.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    // An alert (21) that is fatal (2): this version of the protocol is not spoken (70).
    assert_eq!((answer[0], &answer[5..]), (21, [2, 70].as_slice()));
    lab.close().await;
}

#[tokio::test]
async fn over_tls_cookies_are_secure_and_a_browser_is_told_to_come_back_over_tls_alone() {
    let lab = Open::lab().await;
    let versions = [&version::TLS13];
    let token = &lab.folder.token;
    let log_in = |host: &str| format!("GET /?token={token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (_, answer) = lab.call(&versions, &log_in(NAME)).await.unwrap();
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("set-cookie: __Host-iop-") && cookie.contains("; Secure"), "{cookie}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    // Other programs are at home at this name, and not all of them speak TLS.
    let (_, answer) = lab.call(&versions, &log_in("localhost")).await.unwrap();
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    // A page of the same name that came without TLS may have been written by anybody on the way.
    let cookie = cookie.trim_start_matches("set-cookie: ").split(';').next().unwrap();
    for (scheme, expected) in [("http", "403"), ("https", "200")] {
        let request = format!(
            "POST /api/v1/items/analyser/stop HTTP/1.1\r\nHost: {NAME}\r\nOrigin: {scheme}://{NAME}\r\nCookie: {cookie}\r\n\
             X-Iop-Csrf: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (_, answer) = lab.call(&versions, &request).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{scheme}: {answer}");
    }
    lab.close().await;
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_to_speak_tls() {
    let lab = Open::lab().await;
    let mut stream = lab.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    lab.close().await;
}

#[tokio::test]
async fn who_does_not_go_on_with_tls_is_let_go() {
    let folder = Folder::new();
    let patience = Patience { head: Duration::from_millis(200), ..Patience::default() };
    let options = HttpOptions { patience, ..folder.options("127.0.0.1:0") };
    let lab = Open::with(folder, options).await;
    // One says nothing, one only that it would like to.
    for said in [b"".as_slice(), &[22, 3, 1, 0, 200, 1]] {
        let mut stream = lab.connect().await;
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"");
    }
    assert!(status(&lab.remote("localhost")).await.is_ok());
    lab.close().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_wrong_one_never() {
    let lab = Open::lab().await;
    let request = format!("GET /health/live HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
    std::fs::copy(lab.path("certificate.pem"), lab.path("old.pem")).unwrap();
    // A certificate to another key: what becomes of it while somebody writes one file after the other.
    let other = Folder::new();
    std::fs::copy(other.path("certificate.pem"), lab.path("certificate.pem")).unwrap();
    assert!(lab.call(&[&version::TLS13], &request).await.is_err(), "the new certificate is shown with the old key");
    let url = format!("https://localhost:{}", lab.port);
    let trusts_the_old = RemoteDirector::over_tls(&url, &lab.folder.token, &lab.path("old.pem")).unwrap();
    assert!(status(&trusts_the_old).await.is_ok());
    // Then the other one.
    std::fs::copy(other.path("key.pem"), lab.path("key.pem")).unwrap();
    assert!(lab.call(&[&version::TLS13], &request).await.is_ok());
    assert_eq!(status(&trusts_the_old).await.unwrap_err().kind, FailureKind::Refused);
    // A file that is gone changes nothing.
    std::fs::remove_file(lab.path("key.pem")).unwrap();
    assert!(lab.call(&[&version::TLS13], &request).await.is_ok());
    lab.close().await;
}

#[tokio::test]
async fn other_machines_are_let_in_with_tls_and_users_alone_and_the_refusal_names_what_is_missing() {
    let folder = Folder::new();
    let everywhere = || folder.options("0.0.0.0:0");
    let refused = |options| async move { HttpEntrance::open(options).await.unwrap_err() };
    for (options, missing) in [
        (HttpOptions { tls: None, ..everywhere() }, "missing: a certificate (`iop.tls_certificate` and `iop.tls_key`)"),
        (HttpOptions { users: None, ..everywhere() }, "missing: a file of users (`iop.users`, written by `user add`)"),
        (HttpOptions { users: Some(folder.path("empty.toml")), ..everywhere() }, "add one with `user add NAME`"),
    ] {
        let error = refused(options).await;
        assert!(matches!(error, HttpError::Exposed(_)) && error.to_string().contains(missing), "{error}");
    }
    let entrance = HttpEntrance::open(everywhere()).await.unwrap();
    assert_eq!(entrance.url(), format!("https://{NAME}:{}/", entrance.address().port()));
}

#[tokio::test]
async fn files_that_are_wrong_are_refused_at_the_start_with_what_is_wrong() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let refused = || async { HttpEntrance::open(folder.options("127.0.0.1:0")).await.unwrap_err().to_string() };
    std::fs::set_permissions(folder.path("key.pem"), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused().await.contains("others may use this private key"));
    write_private(
        &folder.path("key.pem"),
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXdvcmRz\n-----END PRIVATE KEY-----\n",
    );
    let error = refused().await;
    assert!(error.contains("cannot be used with the key") && !error.contains("secret"), "{error}");
    write_private(&folder.path("key.pem"), "nothing");
    assert!(refused().await.contains("BEGIN PRIVATE KEY"));
    folder.renew();
    std::fs::copy(Folder::new().path("certificate.pem"), folder.path("certificate.pem")).unwrap();
    assert!(refused().await.contains("cannot be used with the key"));
    std::fs::write(folder.path("certificate.pem"), "").unwrap();
    assert!(refused().await.contains("has no certificate in it"));
    std::fs::remove_file(folder.path("certificate.pem")).unwrap();
    assert!(refused().await.contains("cannot read"));
}
