//! Where a server of models is: on this machine, because the host speaks to it without encryption.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// A server's place, and the path before the names of its functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where it listens.
    pub place: Place,
    /// Such as `/v1`.
    pub path: String,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A port of this machine.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// What an address may be, in words.
pub const EXPECTED: &str = "`http://127.0.0.1:PORT/v1`, or `unix:/PATH`";

impl Address {
    /// Reads `http://HOST:PORT/PATH` with a host that is this machine, or `unix:/PATH`.
    pub fn parse(text: &str) -> Option<Address> {
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Address {
                place: Place::Unix(path.into()),
                path: "/v1".to_owned(),
            });
        }
        let rest = text.strip_prefix("http://")?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        // The names of functions follow the path.
        if path.contains(['?', '#']) {
            return None;
        }
        let place = match authority.strip_prefix("localhost:") {
            Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)),
            None => authority.parse().ok()?,
        };
        let is_here = match place.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        is_here.then(|| Address {
            place: Place::Tcp(place),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp(at) => write!(f, "http://{at}{}", self.path),
            Place::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_an_address() {
        let tcp = |at: &str, path: &str| {
            Some(Address {
                place: Place::Tcp(at.parse().unwrap()),
                path: path.to_owned(),
            })
        };
        for (text, expected) in [
            ("http://127.0.0.1:8080/v1", tcp("127.0.0.1:8080", "/v1")),
            ("http://127.0.0.1:8080/v1/", tcp("127.0.0.1:8080", "/v1")),
            ("http://localhost:11434", tcp("127.0.0.1:11434", "")),
            ("http://[::1]:80/a/b", tcp("[::1]:80", "/a/b")),
            (
                "unix:/run/models.sock",
                Some(Address {
                    place: Place::Unix("/run/models.sock".into()),
                    path: "/v1".to_owned(),
                }),
            ),
            ("https://127.0.0.1:8080/v1", None),
            ("http://127.0.0.1/v1", None),
            ("http://10.0.0.1:8080/v1", None),
            ("http://example.org:80/v1", None),
            ("http://127.0.0.1:8080/v1 HTTP/1.1\r\nx: y", None),
            ("http://user@127.0.0.1:8080", None),
            ("http://127.0.0.1:8080/v1?key=k", None),
            ("http://127.0.0.1:8080/v1#a", None),
            ("unix:models.sock", None),
            ("", None),
        ] {
            let address = Address::parse(text);
            assert_eq!(address, expected, "{text}");
            if let Some(address) = address {
                assert_eq!(Address::parse(&address.to_string()), expected, "{text}");
            }
        }
    }
}
