//! TLS at the entrance: 1.2 and 1.3, with a certificate that is read again when its files have changed.
//!
//! Files that are wrong while the production runs change nothing: whoever renews a certificate writes two of them, one after
//! the other. How long a caller may take is said in `server`.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::settings::TlsFiles;

/// Why an entrance cannot speak TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// How the entrance speaks TLS.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    read: Mutex<Read>,
}

/// Both files as they were when they were last looked at, and what they said when they were last right.
#[derive(Debug)]
struct Read {
    stamps: [Option<Stamp>; 2],
    config: Arc<ServerConfig>,
}

/// When a file was written, and its length.
type Stamp = (SystemTime, u64);

impl Tls {
    /// Reads certificate and key.
    pub(super) fn open(files: &TlsFiles) -> Result<Self, TlsError> {
        let stamps = stamps(files);
        let config = config(files)?;
        Ok(Self { files: files.clone(), read: Mutex::new(Read { stamps, config }) })
    }

    /// Agrees with a caller on how to encrypt. Whoever speaks plain HTTP is told that it is the wrong thing to do.
    pub(super) async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        /// What a conversation in TLS begins with.
        const HANDSHAKE: u8 = 22;

        let mut first = [0];
        if stream.peek(&mut first).await? > 0 && first[0] != HANDSHAKE {
            return Err(turn_away(stream).await?);
        }
        TlsAcceptor::from(self.current()).accept(stream).await
    }

    /// What the files say now, or have said when they were last right.
    fn current(&self) -> Arc<ServerConfig> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        if stamps != read.stamps {
            read.stamps = stamps;
            match config(&self.files) {
                Ok(config) => {
                    tracing::info!(certificate = %self.files.certificate.display(), "The certificate was read again.");
                    read.config = config;
                }
                Err(error) => tracing::error!(%error, "The certificate has changed and is wrong; the old one stays."),
            }
        }
        Arc::clone(&read.config)
    }
}

fn stamps(files: &TlsFiles) -> [Option<Stamp>; 2] {
    [&files.certificate, &files.key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = key(&files.key)?;
    let wrong = |error: rustls::Error| TlsError::Wrong {
        path: files.certificate.clone(),
        problem: format!("cannot be used with the key in {}: {error}", files.key.display()),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Every certificate in a file of PEM.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error })?;
    let wrong = |problem: String| TlsError::Wrong { path: path.to_owned(), problem };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| wrong(format!("is no PEM file of certificates: {error}")))?;
    if found.is_empty() {
        return Err(wrong("has no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(found)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let unreadable = |error| TlsError::File { path: path.to_owned(), error };
    let wrong = |problem: String| TlsError::Wrong { path: path.to_owned(), problem };
    only_ours_to_read(&fs::metadata(path).map_err(unreadable)?).map_err(wrong)?;
    let text = Zeroizing::new(fs::read(path).map_err(unreadable)?);
    // What is wrong with it is not said in the words of the parser, which may repeat what stands there.
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| wrong("has no private key in it that is not encrypted (-----BEGIN PRIVATE KEY-----)".to_owned()))
}

#[cfg(unix)]
fn only_ours_to_read(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err("others may use this private key; take that away with `chmod go=`".to_owned())
}

#[cfg(not(unix))]
fn only_ours_to_read(_: &Metadata) -> Result<(), String> {
    Ok(())
}

/// Tells whoever speaks plain HTTP what is spoken here; the error is for the log.
async fn turn_away(mut stream: TcpStream) -> io::Result<io::Error> {
    let body = r#"{"kind":"bad_request","error":"this entrance speaks TLS: write https:// in place of http://"}"#;
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // What is left unread would have the system throw the answer away.
    let _ = stream.read(&mut [0; 16 * 1024]).await?;
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(io::Error::other("it speaks plain HTTP"))
}
