//! The HTTP entrance: the director's calls as JSON, for other programs on this machine.
//!
//! It listens on loopback only, and asks for the token of the production on everything but `/healthz`. What the calls
//! mean stands in `routes`, who may call in `access`, how long a caller may take in `server`.

mod access;
mod answer;
mod credentials;
mod edits;
mod operator;
mod routes;
mod search;
mod server;
mod show;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[allow(unused_imports, reason = "for the pages of the console")]
pub(crate) use self::{
    answer::{Failure, json},
    routes::Asked,
};
pub use access::Token;
pub use credentials::{ADDRESS_FILE, TOKEN_FILE};
pub use table::{Access, Route};

use super::Director;
use credentials::AddressFile;

/// How an entrance is opened.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where it listens; a loopback address.
    pub address: SocketAddr,
    /// Whether another port will do when this one is taken.
    pub port: Port,
    /// Where the files with the address and the token are left, for programs of the same user; `None` leaves none.
    pub directory: Option<PathBuf>,
    /// How long a stop waits for calls that are running.
    pub grace: Duration,
    /// How long callers may take.
    pub patience: Patience,
    /// The pages that are shown to people beside the calls: those of the console.
    pub pages: Pages,
}

impl HttpOptions {
    /// Calls alone, on this address and no other, for nobody but who has the token.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            port: Port::Exactly,
            directory: None,
            grace: Duration::from_secs(30),
            patience: Patience::default(),
            pages: Vec::new,
        }
    }
}

/// Makes the routes of pages.
pub type Pages = fn() -> Vec<Route>;

/// Every route of an entrance with these pages.
#[must_use]
pub fn routes(pages: Pages) -> Vec<Route> {
    let mut all = routes::all();
    all.extend(pages());
    all
}

/// How long callers may take to say what they want.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, also the next one on the same connection.
    pub head: Duration,
    /// From the first byte of a body to its last.
    pub body: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), body: Duration::from_secs(30) }
    }
}

/// Whether another port will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Somebody chose this one.
    Exactly,
    /// It is only the usual one.
    Preferably,
}

/// Why an entrance does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Other machines could reach it.
    #[error("{0} can be reached from other machines; the HTTP entrance listens on loopback only (127.0.0.1:4100)")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error(
        "the HTTP entrance cannot listen on {address}: {error}; choose another with `--set iop.http=127.0.0.1:PORT`"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The files for other programs cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Files {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// An entrance that listens. Callers wait until [`serve`](Self::serve) runs.
#[derive(Debug)]
pub struct HttpEntrance {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
    grace: Duration,
    patience: Patience,
    pages: Pages,
    // Removed when the entrance is.
    _address_file: Option<AddressFile>,
}

impl HttpEntrance {
    /// Listens, and leaves the files by which other programs find the production.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn open(options: HttpOptions) -> Result<Self, HttpError> {
        if !options.address.ip().is_loopback() {
            return Err(HttpError::NotLoopback(options.address));
        }
        let listener = listen(options.address, options.port).await?;
        let listening = |error| HttpError::Listen { address: options.address, error };
        let address = listener.local_addr().map_err(listening)?;
        let (token, address_file) = match &options.directory {
            Some(directory) => {
                let token = credentials::token(directory)?;
                (token, Some(AddressFile::write(directory, address)?))
            }
            None => (Token::random(), None),
        };
        let HttpOptions { grace, patience, pages, .. } = options;
        Ok(Self { listener, address, token, grace, patience, pages, _address_file: address_file })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What callers must present.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Answers callers until `stop`, and then those that are still waiting, for as long as the grace lasts.
    pub async fn serve(self, director: Director, stop: CancellationToken) {
        let behind = routes::Behind { director, grace: self.grace, body_timeout: self.patience.body };
        let router = routes::router(routes(self.pages), behind, Arc::new(self.token));
        server::serve(self.listener, router, self.patience.head, self.grace, stop).await;
    }
}

async fn listen(address: SocketAddr, port: Port) -> Result<TcpListener, HttpError> {
    let error = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    if port == Port::Exactly || error.kind() != std::io::ErrorKind::AddrInUse {
        return Err(HttpError::Listen { address, error });
    }
    tracing::warn!(%address, "The usual port of the HTTP entrance is taken; another one is used.");
    let any = SocketAddr::new(address.ip(), 0);
    TcpListener::bind(any).await.map_err(|error| HttpError::Listen { address: any, error })
}
