//! The HTTP entrance: the director's calls as JSON, for other programs on this machine.
//!
//! It listens on loopback, elsewhere only with TLS and users, and asks for a token on everything but `/healthz`. What the
//! calls mean stands in `routes`, who may call in `access`, how long a caller may take in `server`.

mod access;
mod answer;
mod attempts;
mod awaited;
mod connections;
mod credentials;
mod edits;
mod events;
mod gives;
mod headers;
mod inside;
mod login;
mod metrics;
mod openapi;
mod operator;
pub(crate) mod refusal;
mod routes;
mod search;
mod server;
mod sessions;
mod show;
#[cfg(unix)]
mod socket;
mod stall;
pub(crate) mod stream;
mod table;
mod takes;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod transfer;
pub mod users;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[allow(unused_imports, reason = "for the pages of the console")]
pub(crate) use self::{
    answer::{Failure, json},
    events::{Tail, last_seen},
    routes::Asked,
};
pub use access::{CSRF, Token};
pub use credentials::{ADDRESS_FILE, TOKEN_FILE};
pub(crate) use inside::Inside;
#[cfg(unix)]
pub use socket::SOCKET_FILE;
pub use table::{Access, Route};
pub use tls::TlsError;
#[cfg(feature = "tls")]
pub(crate) use tls::certificates;

use self::access::Gate;
use self::attempts::Attempts;
use self::routes::Behind;
use self::server::Doors;
use self::sessions::Sessions;
use self::tls::Tls;
use self::users::UserFile;
use super::Director;
use crate::settings::{TlsFiles, missing_outside};
use crate::traces::Traces;
use credentials::AddressFile;

/// The socket beside it, where the system has such things.
#[cfg(unix)]
type Socket = Option<socket::SocketFile>;
#[cfg(not(unix))]
type Socket = ();

/// How an entrance is opened.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where it listens. Elsewhere than on loopback it takes TLS and users.
    pub address: SocketAddr,
    /// Whether another port will do when this one is taken.
    pub port: Port,
    /// Where the files with the address and the token are left, for programs of the same user; `None` leaves none.
    pub directory: Option<PathBuf>,
    /// How long a stop waits for calls that are running.
    pub grace: Duration,
    /// How long callers may take.
    pub patience: Patience,
    /// Names by which callers may come, beside those of this machine: `iop.example.org`, without a port.
    pub names: Vec<String>,
    /// The file of users; without one, only whoever has the token of the store may call.
    pub users: Option<PathBuf>,
    /// What it proves itself with; without, it speaks no TLS.
    pub tls: Option<TlsFiles>,
    /// Where traces are exported, those of callers and what is counted of them.
    pub traces: Option<Arc<Traces>>,
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
            names: Vec::new(),
            users: None,
            tls: None,
            traces: None,
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
    /// From the first byte of a body to its last, however fast it comes.
    pub body: Duration,
    /// For a body that hardly comes: so long at first, and longer by what has come at 16 KiB in a second.
    pub slow_body: Duration,
    /// For somebody who does not read the answer.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(120),
            slow_body: Duration::from_secs(10),
            answer: Duration::from_secs(30),
        }
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
    /// Other machines could reach it, and something is missing for that.
    #[error("{0}")]
    Exposed(String),
    /// It cannot prove who it is.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    /// Nobody knows who the users are.
    #[error(transparent)]
    Users(#[from] users::UsersError),
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
    doors: Doors,
    address: SocketAddr,
    gate: Arc<Gate>,
    grace: Duration,
    patience: Patience,
    pages: Pages,
    traces: Option<Arc<Traces>>,
    // Removed when the entrance is.
    _files: (Option<AddressFile>, Socket),
}

impl HttpEntrance {
    /// Listens, and leaves the files by which other programs find the production.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn open(options: HttpOptions) -> Result<Self, HttpError> {
        let users = options.users.as_deref().map(UserFile::open).transpose()?;
        exposed(&options, users.as_ref())?;
        let tls = options.tls.as_ref().map(Tls::open).transpose()?;
        let secure = tls.is_some();
        let listener = listen(options.address, options.port).await?;
        let listening = |error| HttpError::Listen { address: options.address, error };
        let address = listener.local_addr().map_err(listening)?;
        let (token, address_file) = match &options.directory {
            Some(directory) => {
                let token = credentials::token(directory)?;
                (token, Some(AddressFile::write(directory, address, secure)?))
            }
            None => (Token::random(), None),
        };
        #[cfg(unix)]
        let (socket, socket_file) = match &options.directory {
            Some(directory) => socket::listen(directory)?.unzip(),
            None => (None, None),
        };
        #[cfg(not(unix))]
        let socket_file = ();
        let doors = Doors {
            network: listener,
            tls: tls.map(Arc::new),
            #[cfg(unix)]
            socket,
        };
        let HttpOptions { grace, patience, pages, names, traces, .. } = options;
        let gate = Gate {
            token,
            users,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            names,
            port: address.port(),
            secure,
        };
        let gate = Arc::new(gate);
        Ok(Self { doors, address, gate, grace, patience, pages, traces, _files: (address_file, socket_file) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a browser opens: by the first of its names, where other machines reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.gate.secure { "https" } else { "http" };
        match self.gate.names.first() {
            Some(name) if !self.address.ip().is_loopback() => format!("{scheme}://{name}:{}/", self.address.port()),
            _ => format!("{scheme}://{}/", self.address),
        }
    }

    /// What callers must present.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.gate.token
    }

    /// Answers callers until `stop`, and then those that are still waiting, for as long as the grace lasts.
    pub async fn serve(self, director: Director, stop: CancellationToken) {
        let Self { doors, gate, grace, patience, pages, traces, _files, .. } = self;
        let behind = Behind { director, gate, grace, patience, stop: stop.clone(), traces };
        let router = routes::router(routes(pages), behind);
        server::serve(doors, router, patience, grace, stop).await;
    }
}

/// Refuses an address that other machines can reach, unless strangers cannot listen in and people have names.
fn exposed(options: &HttpOptions, users: Option<&UserFile>) -> Result<(), HttpError> {
    let users = users.map(UserFile::all).transpose()?.unwrap_or_default();
    let named = options.users.is_some();
    if let Some(missing) = missing_outside(options.address, options.tls.is_some(), named) {
        return Err(HttpError::Exposed(missing));
    }
    if !options.address.ip().is_loopback() && users.is_empty() {
        let problem = "can be reached from other machines, and there are no users yet; add one with `user add NAME`";
        return Err(HttpError::Exposed(format!("{} {problem}", options.address)));
    }
    Ok(())
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
