//! In place of `tls`, in a program without the feature: there is no TLS, and whoever asks for it is told what to do.

use std::io;

use tokio::net::TcpStream;

use crate::settings::{TlsFiles, WITHOUT_TLS};

/// Why an entrance cannot speak TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The program cannot.
    #[error("{WITHOUT_TLS}")]
    NotBuilt,
}

/// Nothing, ever.
#[derive(Debug)]
pub(super) enum Tls {}

impl Tls {
    pub(super) fn open(_: &TlsFiles) -> Result<Self, TlsError> {
        Err(TlsError::NotBuilt)
    }

    #[allow(clippy::unused_async, reason = "awaits where there is TLS")]
    pub(super) async fn shake_hands(&self, _: TcpStream) -> io::Result<TcpStream> {
        match *self {}
    }
}
