//! The terms of grants: what can be asked for, its name, and the line of policy that grants it.

use std::fmt;
use std::path::{Path, PathBuf};

use fractalaw_manifest::terminal::{is_unsafe, one_line};
use fractalaw_manifest::{Manifest, Tier};
use serde::{Deserialize, Serialize, Serializer};

use crate::app::App;
use crate::host_calls::HostCalls;
use crate::limits::SHOWN_BYTES;
use crate::quota::Quota;

/// Something that can be asked for and granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A tier, as the highest that may be used.
    Tier(Tier),
    /// An interface, or a package of interfaces, without a version.
    Interface(String),
    /// A folder.
    Dir {
        /// The path in the guest.
        guest: String,
        /// Whether the guest may write.
        writable: bool,
    },
    /// An environment variable, by name.
    Env(String),
    /// Arguments.
    Args,
    /// Standard input.
    Stdin,
    /// A quota and its value.
    Quota(Quota, u64),
    /// A name with the key of a capability.
    Named {
        /// The key.
        key: String,
        /// The name.
        name: String,
        /// What it grants, for people, before the name.
        what: String,
        /// The value in the line of policy that grants it, as TOML. Mostly `true`.
        value: String,
        /// The interfaces, or packages of interfaces, that a run calls if it uses the grant.
        interfaces: Vec<String>,
    },
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Tier(tier) => write!(f, "the tier `{tier}`"),
            Item::Interface(name) if name == "wasi:sockets" => write!(f, "the network, `{name}`"),
            Item::Interface(name) => write!(f, "the interface `{name}`"),
            Item::Dir { guest, writable } => {
                let how = if *writable { "writable" } else { "read-only" };
                write!(f, "the folder `{}`, {how}", one_line(guest))
            }
            Item::Env(name) => write!(f, "the variable `{}`", one_line(name)),
            Item::Args => f.write_str("arguments"),
            Item::Stdin => f.write_str("standard input"),
            Item::Quota(quota, value) => write!(f, "{value} {}", quota.unit),
            Item::Named { name, what, .. } => write!(f, "{what} `{}`", one_line(name)),
        }
    }
}

impl Item {
    /// The line of policy that grants it. A line is complete by itself, so lines can be collected. It contains no
    /// values of variables.
    pub fn line(&self) -> String {
        match self {
            Item::Tier(tier) => format!("tier = \"{tier}\""),
            Item::Interface(name) => format!("interfaces.\"{name}\" = true"),
            Item::Dir { guest, writable } => {
                let rule = if *writable {
                    "{ writable = true }"
                } else {
                    "true"
                };
                format!("dirs.\"{guest}\" = {rule}")
            }
            Item::Env(name) => format!("env.{name} = true"),
            Item::Args => "args = true".to_owned(),
            Item::Stdin => "stdin = true".to_owned(),
            Item::Quota(quota, value) => format!("quotas.{} = {value}", quota.name),
            Item::Named {
                key, name, value, ..
            } => format!("{key}.\"{name}\" = {value}"),
        }
    }

    /// Whether a run with these calls used it.
    fn is_used(&self, calls: &[HostCalls]) -> bool {
        let called = |package: &str, function: &str| {
            calls.iter().any(|call| {
                let rest = call.interface.strip_prefix(package);
                rest.is_some_and(|rest| rest.starts_with(['@', '/']))
                    && (function.is_empty() || call.function == function)
            })
        };
        match self {
            Item::Tier(_) | Item::Quota(..) => true,
            Item::Interface(name) => called(name, ""),
            Item::Named { interfaces, .. } => interfaces.iter().any(|name| called(name, "")),
            Item::Dir { .. } => called("wasi:filesystem/preopens", "get-directories"),
            Item::Env(_) => called("wasi:cli/environment", "get-environment"),
            Item::Args => called("wasi:cli/environment", "get-arguments"),
            Item::Stdin => called("wasi:cli/stdin", "get-stdin"),
        }
    }
}

/// Who granted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A section of the policy, or a line of policy on the command line.
    Policy,
    /// Whoever started the run, by bringing it.
    Run,
}

impl By {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            By::Policy => "policy",
            By::Run => "run",
        }
    }
}

/// Something that was granted, and who granted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// What it is.
    #[serde(flatten)]
    pub item: Item,
    /// Who granted it.
    pub by: By,
}

/// Something that was asked for and is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is.
    pub item: Item,
    /// What is granted instead, if anything.
    pub instead: Option<String>,
    /// Whether a policy can grant it: it is not more than the host itself has.
    pub grantable: bool,
}

impl Missing {
    /// The line of policy that grants it; `None` if no policy can.
    pub fn line(&self) -> Option<String> {
        self.grantable.then(|| self.item.line())
    }
}

/// The identity of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyId {
    /// The path of the file, as it was given. In JSON, replacement characters stand for what is not UTF-8.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// What a run was granted, by which policy, and what of it was not needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The policy, if there was one.
    pub policy: Option<PolicyId>,
    /// The sections that apply to the micro-app, the most specific first.
    pub sections: Vec<String>,
    /// What was granted, besides the audit log.
    pub granted: Vec<Granted>,
    /// What was granted and the micro-app does not ask for. What is granted to all is left out.
    pub not_asked: Vec<Item>,
    /// What was granted and the run did not use.
    pub unused: Vec<Item>,
}

impl Decision {
    /// The decision after a run with these calls.
    pub fn used(mut self, calls: &[HostCalls]) -> Decision {
        let items = self.granted.iter().map(|granted| &granted.item);
        self.unused = items.filter(|item| !item.is_used(calls)).cloned().collect();
        self
    }
}

/// Everything that a micro-app asks for and is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotGranted {
    /// The name of its section in a policy, quoted if necessary.
    pub section: String,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// Whether an interface is missing and the manifest names no interfaces. Then a tool may have kept an import
    /// that is not used.
    pub is_kept_by_tools: bool,
}

impl NotGranted {
    /// What is missing of a micro-app with this manifest.
    pub fn new(app: &App, manifest: &Manifest, missing: Vec<Missing>) -> NotGranted {
        let mut items = missing.iter().map(|missing| &missing.item);
        let is_kept_by_tools =
            manifest.interfaces.is_none() && items.any(|item| matches!(item, Item::Interface(_)));
        NotGranted {
            section: format!("apps.{}", key(app)),
            missing,
            is_kept_by_tools,
        }
    }

    /// The section of policy that grants all of it, as TOML.
    pub fn policy(&self) -> String {
        let mut text = format!("[{}]", self.section);
        for missing in &self.missing {
            let instead = missing.instead.as_ref();
            let instead = instead.map_or_else(String::new, |instead| format!("; {instead}"));
            let item = &missing.item;
            text += &match missing.line() {
                Some(line) => format!("\n{line}  # {item}{instead}"),
                None => format!("\n# no policy grants {item}{instead}"),
            };
        }
        text
    }
}

/// Lines of policy, each with what it is for.
impl fmt::Display for NotGranted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let things = match self.missing.len() {
            1 => "1 thing".to_owned(),
            many => format!("{many} things"),
        };
        write!(
            f,
            "it asks for {things} that it is not granted; these lines of policy grant it:\n{}",
            self.policy()
        )
    }
}

/// The name of the component, if it can be in a readable line of TOML; otherwise its digest.
fn key(app: &App) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let quotable = |c: char| !is_unsafe(c) && !matches!(c, '"' | '\\' | '@');
    let name = app.name.as_deref().unwrap_or_default();
    match Some(name).filter(|name| name.len() <= SHOWN_BYTES) {
        Some(name) if !name.is_empty() && name.chars().all(bare) => name.to_owned(),
        Some(name) if !name.is_empty() && name.chars().all(quotable) => format!("\"{name}\""),
        _ => format!("\"@{}\"", app.digest),
    }
}
