//! Where the HTTP entrance listens, what it proves itself with, and what it takes to be reached from other machines.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::value::expected;
use super::{Raw, Setting};

/// Where the HTTP entrance listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpChoice {
    /// Here. Elsewhere than on loopback it takes TLS and users.
    Listen(SocketAddr),
    /// There is none.
    Off,
}

impl Setting for HttpChoice {
    const TYPE: &'static str = "address (127.0.0.1:4100), or off";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        if raw.as_str().map(str::trim) == Some("off") {
            return Ok(Self::Off);
        }
        SocketAddr::from_raw(raw).map(Self::Listen).map_err(|_| expected::<Self>(raw))
    }

    fn to_raw(&self) -> Raw {
        match self {
            Self::Listen(address) => address.to_raw(),
            Self::Off => Raw::from("off"),
        }
    }
}

/// What the HTTP entrance proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Its certificate and those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// The private key of it, in PEM.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Both files or none, in a program that can use them.
    pub(super) fn of(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Self>, String> {
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) if !cfg!(feature = "tls") => Err(WITHOUT_TLS.to_owned()),
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate, key })),
            (Some(_), None) => Err("a certificate needs its key: set `iop.tls_key` as well".to_owned()),
            (None, Some(_)) => Err("a key needs its certificate: set `iop.tls_certificate` as well".to_owned()),
        }
    }
}

/// What a program says that was built without TLS.
pub(crate) const WITHOUT_TLS: &str =
    "this program cannot speak TLS; give the dependency on `iop` the feature `tls` in its Cargo.toml";

/// What is missing for an entrance at an address that other machines can reach; `None` where nothing is, or where they cannot.
pub(crate) fn missing_outside(address: SocketAddr, tls: bool, users: bool) -> Option<String> {
    if address.ip().is_loopback() || (tls && users) {
        return None;
    }
    let mut missing = Vec::new();
    if !tls {
        if !cfg!(feature = "tls") {
            missing.push("the feature `tls` of `iop` in the Cargo.toml of this program");
        }
        missing.push("a certificate (`iop.tls_certificate` and `iop.tls_key`)");
    }
    if !users {
        missing.push("a file of users (`iop.users`, written by `user add`)");
    }
    let missing = missing.join(", ");
    Some(format!("{address} can be reached from other machines, which takes TLS and users; missing: {missing}"))
}
