//! Where an artifact is: `HOST/REPOSITORY:TAG` in a registry, or `oci:FOLDER:TAG` in a layout folder, either with a digest
//! behind it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use fractalaw_provenance::{Digest, check_name};

use crate::fault::Fault;

/// A place, and which artifact there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) place: Place,
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<Digest>,
}

/// Where artifacts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Registry(Repository),
    Layout(PathBuf),
}

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The host, with the port if one was given.
    pub(crate) host: String,
    pub(crate) path: String,
}

/// Which manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick<'a> {
    Tag(&'a str),
    Digest(&'a Digest),
}

impl fmt::Display for Pick<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pick::Tag(tag) => f.write_str(tag),
            Pick::Digest(digest) => digest.fmt(f),
        }
    }
}

/// The tag that is meant if none is given.
const LATEST: &str = "latest";

const FORMS: &str = "a reference is `HOST/REPOSITORY:TAG`, such as `registry.example/acme/hello:1.0`, or `oci:FOLDER:TAG` for a layout folder";

impl Reference {
    /// What is asked for: the digest if one is given, or else the tag.
    pub(crate) fn pick(&self) -> Pick<'_> {
        match &self.digest {
            Some(digest) => Pick::Digest(digest),
            None => Pick::Tag(self.tag()),
        }
    }

    pub(crate) fn tag(&self) -> &str {
        self.tag.as_deref().unwrap_or(LATEST)
    }

    /// The same place, wherever the current folder is.
    #[must_use]
    pub(crate) fn absolute(mut self) -> Reference {
        if let Place::Layout(folder) = &mut self.place
            && let Ok(absolute) = std::path::absolute(&*folder)
        {
            *folder = absolute;
        }
        self
    }

    /// The name of the app, if the reference gives one: its last part.
    pub(crate) fn name(&self) -> Option<&str> {
        let name = match &self.place {
            Place::Registry(repository) => repository.path.rsplit('/').next()?,
            Place::Layout(folder) => folder.file_name()?.to_str()?,
        };
        check_name(name).then_some(name)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Registry(Repository { host, path }) => write!(f, "{host}/{path}")?,
            Place::Layout(folder) => write!(f, "oci:{}", folder.display())?,
        }
        match (&self.tag, &self.digest) {
            (None, None) => write!(f, ":{LATEST}"),
            (Some(tag), None) => write!(f, ":{tag}"),
            (None, Some(digest)) => write!(f, "@{digest}"),
            (Some(tag), Some(digest)) => write!(f, ":{tag}@{digest}"),
        }
    }
}

impl FromStr for Reference {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Reference, Fault> {
        let bad = |why: &str| Fault::usage(format!("`{text}` is no reference: {why}"), FORMS);
        if text.starts_with("oci://") || text.starts_with("http://") || text.starts_with("https://")
        {
            return Err(bad("it begins with a scheme"));
        }
        let is_folder = text.starts_with("oci:");
        let behind = match is_folder {
            // A folder's name may have an `@` too.
            true => (text.rsplit_once('@')).filter(|(_, behind)| is_like_a_digest(behind)),
            false => text.split_once('@'),
        };
        let (rest, digest) = match behind {
            Some((rest, digest)) => {
                let digest = Digest::parse(digest);
                let digest = digest.ok_or_else(|| {
                    bad("behind `@` stands `sha256:` with 64 digits in lower case")
                })?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        let (place, tag) = match rest.strip_prefix("oci:") {
            Some(rest) => {
                let (folder, tag) = with_tag(rest);
                if folder.is_empty() || folder.contains('\0') {
                    return Err(bad("behind `oci:` stands a folder"));
                }
                (Place::Layout(PathBuf::from(folder)), tag)
            }
            None => {
                let (host, rest) = rest.split_once('/').ok_or_else(|| bad("it has no `/`"))?;
                if !is_host(host) {
                    return Err(bad(
                        "it begins with the host of a registry, which has a `.` or a port or is `localhost`",
                    ));
                }
                let (path, tag) = with_tag(rest);
                if !is_repository(path) {
                    return Err(bad(
                        "a repository has parts of lower-case letters and digits, with `.`, `_` or `-` in them",
                    ));
                }
                let repository = Repository {
                    host: host.to_owned(),
                    path: path.to_owned(),
                };
                (Place::Registry(repository), tag)
            }
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(bad("a tag has up to 128 letters, digits, `.`, `_` and `-`"));
        }
        Ok(Reference {
            place,
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

/// Whether it is the digest of an artifact, or meant to be one, and no end of a folder's name with a tag.
fn is_like_a_digest(text: &str) -> bool {
    text.starts_with("sha256:") || text.starts_with("sha512:")
}

/// Splits what stands behind the last `:` of the last part.
fn with_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag)),
        _ => (text, None),
    }
}

/// A host is told from the first part of a repository, because nobody means a registry that is not named.
fn is_host(host: &str) -> bool {
    let (name, port) = split_port(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let is_name = match name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_plain) && !name.starts_with(['.', '-']),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_told = host.contains(['.', ':']) || host == "localhost";
    is_name && is_port && is_told
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_repository(path: &str) -> bool {
    let is_part = |part: &str| {
        let is_edge = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let bytes = part.as_bytes();
        is_edge(bytes.first())
            && is_edge(bytes.last())
            && part.bytes().all(is_inner)
            && !part.contains("..")
    };
    path.len() <= 255 && path.split('/').all(is_part)
}

fn is_tag(tag: &str) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    tag.len() <= 128 && tag.as_bytes().first().is_some_and(is_first) && tag.bytes().all(is_inner)
}

/// Whether a host is this machine, which needs no encryption to be reached.
pub(crate) fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn references_are_read_and_shown() {
        for (text, shown, name) in [
            (
                "ghcr.io/acme/hello-world:1.0",
                "ghcr.io/acme/hello-world:1.0",
                Some("hello-world"),
            ),
            ("localhost/x", "localhost/x:latest", Some("x")),
            (
                "127.0.0.1:5000/a/b/c:T_1.0-x",
                "127.0.0.1:5000/a/b/c:T_1.0-x",
                Some("c"),
            ),
            ("[::1]:5000/x", "[::1]:5000/x:latest", Some("x")),
            (
                &format!("r.example/x@{DIGEST}"),
                &format!("r.example/x@{DIGEST}"),
                Some("x"),
            ),
            (
                &format!("r.example/x:1@{DIGEST}"),
                &format!("r.example/x:1@{DIGEST}"),
                Some("x"),
            ),
            ("oci:/media/usb:hello", "oci:/media/usb:hello", Some("usb")),
            ("oci:layout", "oci:layout:latest", Some("layout")),
            ("oci:../My Apps/x:1", "oci:../My Apps/x:1", Some("x")),
            ("oci:/media/USB", "oci:/media/USB:latest", None),
            ("oci:..", "oci:..:latest", None),
            // A folder may be called so.
            (
                "oci:/media/me@work/usb:1",
                "oci:/media/me@work/usb:1",
                Some("usb"),
            ),
            (
                &format!("oci:/media/me@work/usb@{DIGEST}"),
                &format!("oci:/media/me@work/usb@{DIGEST}"),
                Some("usb"),
            ),
            ("oci:/media/me@work", "oci:/media/me@work:latest", None),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), shown);
            assert_eq!(reference.name(), name, "{text}");
            assert_eq!(shown.parse::<Reference>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_reference_says_why() {
        for (text, why) in [
            ("hello-world", "it has no `/`"),
            (
                "acme/hello-world:1.0",
                "it begins with the host of a registry",
            ),
            ("oci://ghcr.io/acme/x", "it begins with a scheme"),
            ("https://ghcr.io/acme/x", "it begins with a scheme"),
            ("oci:", "behind `oci:` stands a folder"),
            ("r.example/x@sha256:00", "behind `@` stands `sha256:`"),
            ("r.example/x@sha512:00", "behind `@` stands `sha256:`"),
            ("oci:usb@sha256:00", "behind `@` stands `sha256:`"),
            ("r.example/x@y:1", "behind `@` stands `sha256:`"),
            ("r.example/../x:1", "a repository has parts"),
            ("r.example/a//x", "a repository has parts"),
            ("r.example/Acme/x", "a repository has parts"),
            ("r.example/x:", "a tag has up to 128"),
            ("r.example/x:a b", "a tag has up to 128"),
            ("r.example:99999/x", "it begins with the host of a registry"),
            ("user:pass@r.example/x", "behind `@` stands `sha256:`"),
            ("r.example?/x", "it begins with the host of a registry"),
        ] {
            let fault = text.parse::<Reference>().unwrap_err();
            let begins = format!("`{text}` is no reference: {why}");
            assert!(fault.what.starts_with(&begins), "{}", fault.what);
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:5000",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "127.0.0.1.example:5000",
            "10.0.0.1",
            "128.0.0.1",
            "[::2]:5000",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
