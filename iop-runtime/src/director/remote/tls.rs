//! Whom a caller over TLS believes: certificates of a file that the caller names, and no others.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::director::http::certificates;
use crate::director::{CallFailure, FailureKind};

/// The name that a production has to prove, and who may vouch for it.
#[derive(Clone)]
pub(super) struct Trust {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Trust {
    /// Believes who has the name in `authority` and a certificate that one of a file vouches for.
    pub(super) fn to(authority: &str, file: &Path) -> Result<Self, CallFailure> {
        let wrong = |error: &dyn fmt::Display| CallFailure::new(FailureKind::BadRequest, error.to_string());
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| wrong(&format!("`{host}` is not a name that a certificate could have")))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file).map_err(|error| wrong(&error))? {
            roots.add(certificate).map_err(|error| wrong(&format!("{}: {error}", file.display())))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { name, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Agrees on how to encrypt with whoever has the name.
    pub(super) async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}
