//! In place of `tls`, in a program without the feature: nobody is trusted over TLS.

use std::io;
use std::path::Path;

use tokio::net::TcpStream;

use crate::director::{CallFailure, FailureKind};
use crate::settings::WITHOUT_TLS;

/// Nothing, ever.
#[derive(Debug, Clone)]
pub(super) enum Trust {}

impl Trust {
    pub(super) fn to(_: &str, _: &Path) -> Result<Self, CallFailure> {
        Err(CallFailure::new(FailureKind::BadRequest, WITHOUT_TLS))
    }

    #[allow(clippy::unused_async, reason = "awaits where there is TLS")]
    pub(super) async fn shake_hands(&self, _: TcpStream) -> io::Result<TcpStream> {
        match *self {}
    }
}
