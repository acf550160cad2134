//! The manifest of a micro-app: what its author declares in `[package.metadata.micro-app]`, and how the component
//! carries it.
//!
//! `xtask` reads the manifest from a guest's `Cargo.toml` and writes it into the component. The host reads it
//! from the component. Both use this crate, so they always agree. The limits of each tier are in the host's
//! `limits`.
//!
//! The crate also contains what the host and the auditor of its ledger share: [`terminal`], which makes a guest's
//! text safe to print, and [`standard_output`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod asks;
pub mod standard_output;
pub mod terminal;
mod union;

pub use asks::{
    BadKey, BadName, DirAsk, Known, MAX_NAMES, Quotas, TooManyNames, check_env, check_given_env,
    check_name, check_path, guest_path,
};

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of the custom section that carries the manifest, at the top level of the component.
pub const SECTION: &str = "fractal-micro-app";

/// The version of the section's encoding. A host refuses a version that it does not know.
pub const VERSION: u32 = 1;

/// What the author of a micro-app declares about it.
///
/// Unknown keys are errors: a misspelt `tier` must not mean the default without a word. A host's capabilities
/// have keys of their own, so [`Manifest::check`] decides which keys are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// The tier whose limits apply to the micro-app.
    #[serde(default)]
    pub tier: Tier,
    /// The interfaces that it imports and that need a grant. If the list is absent, the component asks for
    /// everything that it imports. If the list is present, a component that imports another interface is refused.
    #[serde(
        default,
        deserialize_with = "asks::interfaces",
        skip_serializing_if = "Option::is_none"
    )]
    pub interfaces: Option<Vec<String>>,
    /// Whether it needs arguments.
    #[serde(default, skip_serializing_if = "is_false")]
    pub args: bool,
    /// The names of the environment variables that it needs.
    #[serde(
        default,
        deserialize_with = "asks::env",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<String>,
    /// Whether it needs standard input.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stdin: bool,
    /// The folders that it needs.
    #[serde(
        default,
        deserialize_with = "asks::few",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub dirs: Vec<DirAsk>,
    /// The least quotas that it needs.
    #[serde(default, skip_serializing_if = "Quotas::is_empty")]
    pub quotas: Quotas,
    /// What it needs of the host's capabilities, by key.
    #[serde(flatten)]
    pub asks: BTreeMap<String, serde_json::Value>,
}

/// A value that asks for nothing is not written. So a manifest with only a tier keeps its bytes.
fn is_false(value: &bool) -> bool {
    !value
}

/// A named set of limits. The host has the figures.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Short work on little data.
    Lightweight,
    /// The tier of a micro-app that declares no tier.
    #[default]
    Standard,
    /// Long work on much data.
    Heavy,
}

impl Tier {
    /// All tiers, smallest first.
    pub const ALL: [Tier; 3] = [Tier::Lightweight, Tier::Standard, Tier::Heavy];

    /// The name in manifests, on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Lightweight => "lightweight",
            Tier::Standard => "standard",
            Tier::Heavy => "heavy",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a tier.
#[derive(Debug, thiserror::Error)]
#[error("unknown tier `{0}`, expected `lightweight`, `standard` or `heavy`")]
pub struct UnknownTier(pub String);

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(name: &str) -> Result<Self, UnknownTier> {
        Tier::ALL
            .into_iter()
            .find(|tier| tier.name() == name)
            .ok_or_else(|| UnknownTier(name.to_owned()))
    }
}

/// The section in the component: JSON, with its version beside the manifest's own keys.
#[derive(Serialize, Deserialize)]
struct Section {
    version: u32,
    manifest: serde_json::Value,
}

/// Why the bytes of a section are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not JSON of this shape, or have a value that the manifest does not know.
    #[error("the manifest section is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The section has a key that the host cannot use.
    #[error("the manifest section is malformed: {0}")]
    Key(#[from] BadKey),
    /// The section was written by another version of the tools.
    #[error("the manifest section has version {found}, expected {VERSION}")]
    Version {
        /// The version in the section.
        found: u32,
    },
}

impl Manifest {
    /// All keys of a manifest.
    pub const KEYS: [&str; 7] = [
        "tier",
        "interfaces",
        "args",
        "env",
        "stdin",
        "dirs",
        "quotas",
    ];

    /// The bytes of the custom section. The same manifest always gives the same bytes.
    pub fn encode(&self) -> Vec<u8> {
        let section = Section {
            version: VERSION,
            manifest: serde_json::to_value(self).expect("a manifest is plain data"),
        };
        serde_json::to_vec(&section).expect("a section is plain data")
    }

    /// Checks that a host with these keys and quotas knows every key of the manifest.
    ///
    /// # Errors
    ///
    /// The first key that the host cannot use.
    pub fn check(&self, known: &Known<'_>) -> Result<(), BadKey> {
        let unknown = |key: &str, known: Vec<&str>| BadKey::Unknown {
            key: key.to_owned(),
            known: known.into_iter().map(str::to_owned).collect(),
        };
        for (key, value) in &self.asks {
            if !known.keys.contains(&key.as_str()) {
                let keys = Manifest::KEYS.into_iter().chain(known.keys.iter().copied());
                return Err(unknown(key, keys.collect()));
            }
            if asks::names(value).is_none() {
                return Err(BadKey::NotNames(key.clone()));
            }
        }
        let mut quotas = self.quotas.names();
        match quotas.find(|name| !known.quotas.contains(name)) {
            Some(name) => Err(unknown(name, known.quotas.clone())),
            None => Ok(()),
        }
    }

    /// The names that it asks for with the key of a capability.
    pub fn names(&self, key: &str) -> Vec<String> {
        let names = self.asks.get(key).and_then(asks::names);
        names.unwrap_or_default()
    }

    /// Reads the bytes of the custom section.
    ///
    /// # Errors
    ///
    /// If the bytes are not a manifest section, have another version, or have a key that is not known.
    pub fn decode(bytes: &[u8], known: &Known<'_>) -> Result<Manifest, DecodeError> {
        let section: Section = serde_json::from_slice(bytes)?;
        if section.version != VERSION {
            return Err(DecodeError::Version {
                found: section.version,
            });
        }
        let manifest: Manifest = serde_json::from_value(section.manifest)?;
        manifest.check(known)?;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_reads_back_as_the_manifest_it_was_written_from() {
        for tier in Tier::ALL {
            let manifest = Manifest {
                tier,
                ..Manifest::default()
            };
            let known = Known::default();
            assert_eq!(
                Manifest::decode(&manifest.encode(), &known).unwrap(),
                manifest
            );
            assert_eq!(tier.name().parse::<Tier>().unwrap(), tier);
        }
        assert_eq!(
            String::from_utf8(Manifest::default().encode()).unwrap(),
            r#"{"version":1,"manifest":{"tier":"standard"}}"#
        );
        let manifest = Manifest {
            tier: Tier::Heavy,
            interfaces: Some(vec!["fractal:app/data-query".to_owned()]),
            args: true,
            env: vec!["SITE".to_owned()],
            stdin: true,
            dirs: vec![DirAsk {
                guest: "/data".to_owned(),
                writable: true,
            }],
            quotas: Quotas::from_iter([("audit-entries", 9)]),
            asks: BTreeMap::new(),
        };
        let known = Known {
            keys: Vec::new(),
            quotas: vec!["audit-entries"],
        };
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes, &known).unwrap(), manifest);
        let section: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let keys = section["manifest"].as_object().unwrap().keys();
        let mut known = Manifest::KEYS;
        known.sort_unstable();
        assert!(keys.eq(known.iter()), "{section}");
    }

    #[test]
    fn sections_that_are_not_manifests_say_why() {
        let cases = [
            (
                &b""[..],
                "the manifest section is malformed: EOF while parsing a value at line 1 column 0",
            ),
            (
                br#"{"version":2,"manifest":{"anything":1}}"#,
                "the manifest section has version 2, expected 1",
            ),
            (
                br#"{"version":1,"manifest":{"teir":"heavy"}}"#,
                "the manifest section is malformed: unknown field `teir`, expected one of `tier`, \
                 `interfaces`, `args`, `env`, `stdin`, `dirs`, `quotas`",
            ),
            (
                br#"{"version":1,"manifest":{"env":["A=B"]}}"#,
                "the manifest section is malformed: `A=B` is no name of a variable, expected letters, \
                 digits and `_`, and no digit in front",
            ),
            (
                // Nested too deep: recursion over it would overflow the stack.
                &[&br#"{"version":1,"manifest":"#[..], &b"[".repeat(100_000)].concat(),
                "the manifest section is malformed: recursion limit exceeded at line 1 column 151",
            ),
            (
                br#"{"version":1,"manifest":{"tier":"huge"}}"#,
                "the manifest section is malformed: unknown variant `huge`, expected one of \
                 `lightweight`, `standard`, `heavy`",
            ),
        ];
        for (bytes, message) in cases {
            let error = Manifest::decode(bytes, &Known::default()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn keys_and_quotas_of_capabilities_are_known_to_hosts_that_have_them() {
        let known = Known {
            keys: vec!["data", "emits"],
            quotas: vec!["host-calls", "rows"],
        };
        let not_names = "bad value of `data`, expected a name or a list of names";
        let unknown_key = "unknown field `date`, expected one of `tier`, `interfaces`, `args`, `env`, `stdin`, \
                           `dirs`, `quotas`, `data`, `emits`";
        let unknown_quota = "unknown field `columns`, expected one of `host-calls`, `rows`";
        for (manifest, names, error) in [
            (r#"{"data":"read"}"#, &["read"][..], ""),
            (r#"{"data":["read","write"]}"#, &["read", "write"], ""),
            (r#"{"emits":["a"]}"#, &[], ""),
            (r#"{"quotas":{"rows":7}}"#, &[], ""),
            (r#"{"data":{"read":true}}"#, &[], not_names),
            (r#"{"data":["a\"b"]}"#, &[], not_names),
            (r#"{"date":"read"}"#, &[], unknown_key),
            (r#"{"quotas":{"columns":1}}"#, &[], unknown_quota),
        ] {
            let section = format!(r#"{{"version":1,"manifest":{manifest}}}"#);
            match Manifest::decode(section.as_bytes(), &known) {
                Ok(read) => {
                    assert_eq!(error, "", "{manifest}");
                    assert_eq!(read.names("data"), names, "{manifest}");
                    let again = Manifest::decode(&read.encode(), &known).unwrap();
                    assert_eq!(again, read);
                }
                Err(found) => assert_eq!(
                    found.to_string(),
                    format!("the manifest section is malformed: {error}")
                ),
            }
        }
    }
}
