//! What a micro-app asks for besides its tier, and which names and paths are valid. The host's policy decides
//! whether it is granted.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The most names of one kind in a manifest or in a section of a policy. Nobody would read a longer list.
pub const MAX_NAMES: usize = 64;

/// A folder that the micro-app needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DirAsk {
    /// The path at which the guest looks for it.
    #[serde(deserialize_with = "path")]
    pub guest: String,
    /// Whether the guest writes there.
    #[serde(default)]
    pub writable: bool,
}

/// Limits on what one run hands to its host, by name. In a manifest they are the least that the micro-app needs. In a
/// policy they are the most that it gets. If one is absent, the host's own applies. The host says which names exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quotas(BTreeMap<String, u64>);

impl Quotas {
    /// Whether no quota is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of the quota with this name, if it is given.
    pub fn of(&self, name: &str) -> Option<u64> {
        self.0.get(name).copied()
    }

    /// The names of the quotas that are given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<(S, u64)> for Quotas {
    fn from_iter<I: IntoIterator<Item = (S, u64)>>(quotas: I) -> Quotas {
        let quotas = quotas.into_iter();
        Quotas(quotas.map(|(name, value)| (name.into(), value)).collect())
    }
}

/// The keys and quotas that a host knows in a manifest, besides the keys that every host knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known<'a> {
    /// The keys of the host's capabilities.
    pub keys: Vec<&'a str>,
    /// The names of all quotas.
    pub quotas: Vec<&'a str>,
}

/// A key in a manifest, or in its quotas, that the host cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The host does not know the key.
    #[error("unknown field `{key}`, expected {}", one_of(known))]
    Unknown {
        /// The unknown key.
        key: String,
        /// The keys that could stand in its place.
        known: Vec<String>,
    },
    /// The key belongs to a capability and does not have names.
    #[error("bad value of `{0}`, expected a name or a list of names")]
    NotNames(String),
}

/// A composed micro-app would ask for more names of one kind than a manifest has room for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it and its parts have more than {MAX_NAMES} names of `{0}`")]
pub struct TooManyNames(pub String);

fn one_of(known: &[String]) -> String {
    let quoted: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    match &quoted[..] {
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
    }
}

/// What a manifest may say under the key of a capability: one name or a list of names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    #[serde(deserialize_with = "few")]
    Several(Vec<String>),
}

/// Reads one name or a list of names. The result is `None` if the value is neither.
pub(crate) fn names(value: &serde_json::Value) -> Option<Vec<String>> {
    let names = match Names::deserialize(value).ok()? {
        Names::One(name) => vec![name],
        Names::Several(names) => names,
    };
    let are_valid = names.iter().all(|name| check_name(name).is_ok());
    are_valid.then_some(names)
}

/// Why a name cannot be asked for or granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Not the name of an environment variable.
    #[error(
        "`{0}` is no name of a variable, expected letters, digits and `_`, and no digit in front"
    )]
    Env(String),
    /// A name that only the host gives.
    #[error(
        "`{0}` is a variable of the host's own, expected a name that does not begin with `{RESERVED_ENV}`"
    )]
    ReservedEnv(String),
    /// Not the path of a folder in a guest.
    #[error(
        "`{0}` is no path of a guest, expected printable characters without `\\`, `\"` and `'`"
    )]
    Path(String),
    /// Not the name of something that a capability grants.
    #[error("`{0}` is no name, expected printable characters without `\\`, `\"` and `'`")]
    Name(String),
    /// A path that leads out of the folder that it starts from.
    #[error("`{0}` is no path of a guest, expected one without `..`")]
    Parent(String),
}

/// Checks the name of a variable. Only names that a shell accepts are valid, so a name never needs quotes.
pub fn check_env(name: &str) -> Result<(), BadName> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = name.chars().next();
    if first.is_some_and(|c| !c.is_ascii_digit()) && name.chars().all(good) && name.len() <= 256 {
        return Ok(());
    }
    Err(BadName::Env(crate::terminal::one_line(name)))
}

/// How the names of variables begin that tell a guest what started its run. Only the host gives these.
const RESERVED_ENV: &str = "FRACTALAW_";

/// Checks the name of a variable that somebody gives to a guest.
pub fn check_given_env(name: &str) -> Result<(), BadName> {
    check_env(name)?;
    match name.starts_with(RESERVED_ENV) {
        true => Err(BadName::ReservedEnv(name.to_owned())),
        false => Ok(()),
    }
}

/// Checks the path of a folder in a guest. Characters that must be escaped when they are printed or quoted are
/// not valid, so a line of policy can be copied from a message.
pub fn check_path(path: &str) -> Result<(), BadName> {
    let good = |c: char| !crate::terminal::is_unsafe(c) && !matches!(c, '\\' | '"' | '\'');
    if !path.is_empty() && path.chars().all(good) && path.len() <= 1024 {
        return Ok(());
    }
    Err(BadName::Path(crate::terminal::one_line(path)))
}

/// Checks the name of something that a capability grants. It follows the same rule as a path, so that it can stand in
/// quotes in a line of policy.
pub fn check_name(name: &str) -> Result<(), BadName> {
    match check_path(name) {
        Ok(()) => Ok(()),
        Err(_) => Err(BadName::Name(crate::terminal::one_line(name))),
    }
}

/// Returns the path in its one spelling: without a slash at the end, without two slashes in a row, and without
/// `.` as a part. So two spellings of a path compare as equal texts.
pub fn guest_path(path: &str) -> Result<String, BadName> {
    check_path(path)?;
    let steps: Vec<&str> = path
        .split('/')
        .filter(|step| !matches!(*step, "" | "."))
        .collect();
    if steps.contains(&"..") {
        return Err(BadName::Parent(path.to_owned()));
    }
    let steps = steps.join("/");
    Ok(match (path.starts_with('/'), &*steps) {
        (true, _) => format!("/{steps}"),
        (false, "") => ".".to_owned(),
        (false, _) => steps,
    })
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    guest_path(&path).map_err(serde::de::Error::custom)
}

pub(crate) fn env<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names: Vec<String> = few(deserializer)?;
    for name in &names {
        check_env(name).map_err(serde::de::Error::custom)?;
    }
    Ok(names)
}

/// Reads a list with as many items as a person could have written.
pub(crate) fn few<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(deserializer)?;
    if list.len() > MAX_NAMES {
        return Err(serde::de::Error::custom(TooMany(list.len())));
    }
    Ok(list)
}

pub(crate) fn interfaces<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    few(deserializer).map(Some)
}

struct TooMany(usize);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in one list, expected at most {MAX_NAMES}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_need_no_quotes() {
        for name in ["PATH", "_x9", "lower"] {
            assert_eq!(check_env(name), Ok(()), "{name}");
        }
        for name in ["", "9X", "A-B", "A=B", "Ä", "A\n"] {
            assert!(check_env(name).is_err(), "{name}");
        }
        for path in ["/data", "data/permits", "/Füße", "/a b"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for (path, one) in [
            ("/", "/"),
            ("/data/", "/data"),
            ("//data//./permits/.", "/data/permits"),
            ("data/", "data"),
            ("./data", "data"),
            (".", "."),
            ("././", "."),
            ("/...", "/..."),
        ] {
            assert_eq!(guest_path(path).as_deref(), Ok(one), "{path}");
        }
        for path in ["..", "/..", "/data/../x", "data/.."] {
            assert_eq!(guest_path(path), Err(BadName::Parent(path.to_owned())));
        }
        assert_eq!(check_name("duty found"), Ok(()));
        assert_eq!(check_name("a\"b"), Err(BadName::Name("a\"b".to_owned())));
        for path in ["", "/a\"b", "/a\\b", "/a\nb", "/\u{202e}x"] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
