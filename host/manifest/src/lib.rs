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

pub use asks::{BadName, DirAsk, MAX_NAMES, Quotas, check_env, check_path, guest_path};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of the custom section that carries the manifest, at the top level of the component.
pub const SECTION: &str = "fractal-micro-app";

/// The version of the section's encoding. A host refuses a version that it does not know.
pub const VERSION: u32 = 1;

/// What the author of a micro-app declares about it.
///
/// Unknown keys are errors: a misspelt `tier` must not mean the default without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
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
    /// The bytes are not JSON of this shape, or have a key or value that the manifest does not know.
    #[error("the manifest section is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
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

    /// Reads the bytes of the custom section.
    ///
    /// # Errors
    ///
    /// If the bytes are not a manifest section, or have another version.
    pub fn decode(bytes: &[u8]) -> Result<Manifest, DecodeError> {
        let section: Section = serde_json::from_slice(bytes)?;
        if section.version != VERSION {
            return Err(DecodeError::Version {
                found: section.version,
            });
        }
        Ok(serde_json::from_value(section.manifest)?)
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
            assert_eq!(Manifest::decode(&manifest.encode()).unwrap(), manifest);
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
            quotas: Quotas {
                audit_entries: Some(9),
                ..Quotas::default()
            },
        };
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes).unwrap(), manifest);
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
            assert_eq!(Manifest::decode(bytes).unwrap_err().to_string(), message);
        }
    }
}
