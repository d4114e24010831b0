//! Who may connect, and how a connection is set.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::component::IntoSetting;
use crate::settings::{Raw, Setting};

/// After so long without a byte the other side is asked whether it is still there, and again and again; so a firewall in between
/// keeps the connection, and one that nobody ends is found out.
const ASKED_AFTER: Duration = Duration::from_secs(60);

/// Sets what every connection has: small messages go at once, and the other side is asked for where nothing comes.
pub(super) fn set(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(ASKED_AFTER);
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let keepalive = keepalive.with_interval(Duration::from_secs(15));
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// An address, `192.0.2.7`, or those of a network, `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    /// How many bits at the beginning are those of the network.
    bits: u32,
}

impl Network {
    /// Whether an address is in it. One of IPv4 in the clothes of IPv6 is one of IPv4.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let ((first, width), (address, other)) = (number(self.first), number(address.to_canonical()));
        let rest = width - self.bits;
        width == other && shifted(first, rest) == shifted(address, rest)
    }

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address and no network; write `192.0.2.7` or `10.1.0.0/16`");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let (number, width) = number(first);
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= width).ok_or_else(wrong)?,
            None => return Ok(Self { first: first.to_canonical(), bits: self::number(first.to_canonical()).1 }),
        };
        let rest = width - bits;
        if shifted(number, rest).checked_shl(rest).unwrap_or(0) != number {
            return Err(format!(
                "`{text}` is an address in a network; write where the network begins, or the address alone"
            ));
        }
        Ok(Self { first, bits })
    }
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn shifted(number: u128, by: u32) -> u128 {
    number.checked_shr(by).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == number(self.first).1 { self.first.fmt(f) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

impl Setting for Network {
    const TYPE: &'static str = "address or network (192.0.2.7, 10.1.0.0/16)";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let text = raw.as_str().ok_or_else(|| format!("expected {}, found {raw}", Self::TYPE))?;
        Self::read(text.trim())
    }

    fn to_raw(&self) -> Raw {
        Raw::from(self.to_string())
    }
}

#[diagnostic::do_not_recommend]
impl IntoSetting<Network> for &'static str {
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, String> {
        Network::from_raw(&Raw::from(text))
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        for (text, inside, outside) in [
            ("192.0.2.7", vec!["192.0.2.7", "::ffff:192.0.2.7"], vec!["192.0.2.8", "::1", "::c000:207"]),
            ("10.1.0.0/16", vec!["10.1.0.0", "10.1.255.255"], vec!["10.0.255.255", "10.2.0.0", "::a01:0"]),
            ("10.1.2.4/30", vec!["10.1.2.4", "10.1.2.7"], vec!["10.1.2.3", "10.1.2.8"]),
            ("0.0.0.0/0", vec!["0.0.0.0", "255.255.255.255"], vec!["::", "2001:db8::1"]),
            ("2001:db8::/32", vec!["2001:db8::", "2001:db8:ffff::1"], vec!["2001:db9::", "10.0.0.1"]),
            ("::/0", vec!["::", "ffff::1"], vec!["10.0.0.1"]),
            ("::ffff:10.0.0.1", vec!["10.0.0.1"], vec!["10.0.0.2"]),
        ] {
            let network = network(text).unwrap();
            for address in inside {
                assert!(network.has(address.parse().unwrap()), "{address} is in {text}");
            }
            for address in outside {
                assert!(!network.has(address.parse().unwrap()), "{address} is not in {text}");
            }
        }
        assert_eq!(network(" 10.1.0.0/16 ").unwrap().to_raw(), Raw::from("10.1.0.0/16"));
        assert_eq!(network("192.0.2.7/32").unwrap().to_raw(), Raw::from("192.0.2.7"));
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_to_write() {
        for text in ["", "lab.example.org", "10.1.0.0/33", "10.1.0.0/", "10.1/16", "10.1.0.0/-1", "::/129"] {
            assert!(network(text).is_err_and(|why| why.contains("write `192.0.2.7` or `10.1.0.0/16`")), "{text}");
        }
        let why = network("10.1.2.3/16").unwrap_err();
        assert!(why.contains("write where the network begins"), "{why}");
    }

    #[tokio::test]
    async fn the_other_side_of_a_connection_is_asked_for_where_nothing_comes() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap());
        set(&stream).unwrap();
        assert!(SockRef::from(&stream).keepalive().unwrap());
        assert_eq!(SockRef::from(&stream).tcp_keepalive_time().unwrap(), ASKED_AFTER);
    }
}
