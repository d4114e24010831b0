//! How a production in another process is reached, and one exchange on such a way.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::RemoteAnswer;
use super::tls::Trust;
use crate::director::{CallFailure, FailureKind};

/// A way to a production.
#[derive(Debug, Clone)]
pub(super) enum Way {
    #[cfg(unix)]
    Socket(PathBuf),
    /// Name and port, as they stand in the URL.
    Network(String),
    /// The same, and whom is believed that it is the one.
    Tls(Trust, String),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Network(authority) | Self::Tls(_, authority) => f.write_str(authority),
        }
    }
}

/// Name and port of a URL with this scheme.
pub(super) fn authority(url: &str, scheme: &str, port: u16) -> Result<String, CallFailure> {
    let wrong = |problem: &str| {
        // What stands before an `@` may be a password.
        let shown = if url.contains('@') { "this" } else { url };
        Err(CallFailure::new(FailureKind::BadRequest, format!("{shown} is no URL of a production: {problem}")))
    };
    let Some(authority) = url.trim().strip_prefix(scheme) else {
        return wrong("it begins with http://, or with https:// where there is a file of certificates to trust");
    };
    let authority = authority.trim_end_matches('/');
    if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
        return wrong("it has a name and a port, and nothing behind them");
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if has_port { authority.to_owned() } else { format!("{authority}:{port}") })
}

/// Where an exchange broke off.
pub(super) enum Broken {
    /// Nobody has read anything of the request.
    Before(String),
    /// Somebody is there and is not who they should be. Nothing was sent.
    Distrusted(io::Error),
    After(String),
}

pub(super) async fn exchange(way: &Way, request: Request<Full<Bytes>>) -> Result<RemoteAnswer, Broken> {
    let before = |error: io::Error| Broken::Before(error.to_string());
    match way {
        #[cfg(unix)]
        Way::Socket(path) => talk(tokio::net::UnixStream::connect(path).await.map_err(before)?, request).await,
        Way::Network(authority) => talk(TcpStream::connect(authority).await.map_err(before)?, request).await,
        Way::Tls(trust, authority) => {
            let stream = TcpStream::connect(authority).await.map_err(before)?;
            talk(trust.shake_hands(stream).await.map_err(Broken::Distrusted)?, request).await
        }
    }
}

async fn talk<S>(stream: S, request: Request<Full<Bytes>>) -> Result<RemoteAnswer, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let shaken = handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| Broken::Before(error.to_string()))?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(RemoteAnswer { status, body })
    };
    // The connection ends when the answer is whole and its sender is gone.
    let (answer, _) = futures_util::future::join(answer, connection).await;
    answer.map_err(|error| Broken::After(error.to_string()))
}
