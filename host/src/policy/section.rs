//! One section of a policy: what it grants to the micro-apps that it applies to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use fractalaw_manifest::Tier;
use fractalaw_provenance::Wanted;
use serde_json::Value;

use super::said::Said;
use crate::offer::folder::Held;
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;

/// The keys that a section may always have, whatever the host offers.
pub(super) const KEYS: [&str; 8] = [
    "tier",
    "interfaces",
    "dirs",
    "env",
    "args",
    "stdin",
    "quotas",
    "require-signature",
];

/// Grants from a section of a policy file or from lines on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The highest tier.
    pub(crate) tier: Option<Tier>,
    pub(crate) interfaces: BTreeMap<String, Said>,
    /// By the path in the guest.
    pub(crate) dirs: BTreeMap<String, DirRule>,
    /// The value; `None` for a variable that the run brings.
    pub(crate) env: BTreeMap<String, Option<String>>,
    pub(crate) args: Option<Args>,
    pub(crate) stdin: bool,
    /// The most that is granted.
    pub(crate) quotas: BTreeMap<String, Said>,
    /// The keys of which one must have signed the component. It is the one thing that a section demands.
    pub(crate) signed_by: Option<Vec<Wanted>>,
    /// The keys of capabilities.
    pub(crate) keys: BTreeMap<String, Said>,
    /// The folder of the policy's file.
    pub(crate) folder: PathBuf,
}

/// A folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirRule {
    /// The folder on the host; `None` for one that the run brings.
    pub(crate) host: Option<PathBuf>,
    /// The open folder, once it was opened.
    pub(crate) held: Option<Held>,
    /// Whether the guest may also write.
    pub(crate) writable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Args {
    /// The arguments that the run brings.
    Any,
    /// These arguments.
    These(Vec<String>),
}

impl Section {
    /// What this section says, and what the other one says where this one says nothing.
    #[must_use]
    pub fn or(mut self, other: Section) -> Section {
        self.tier = self.tier.or(other.tier);
        self.args = self.args.or(other.args);
        self.stdin |= other.stdin;
        self.signed_by = self.signed_by.or(other.signed_by);
        add(&mut self.interfaces, other.interfaces);
        add(&mut self.dirs, other.dirs);
        add(&mut self.env, other.env);
        add(&mut self.quotas, other.quotas);
        for (key, said) in other.keys {
            match self.keys.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(said);
                }
                Entry::Occupied(known) => known.into_mut().or(said),
            }
        }
        self
    }

    /// Opens the folders that are not open yet. From now on the grants mean these folders, wherever their names
    /// lead.
    pub(crate) fn open_folders(&mut self) {
        for rule in self.dirs.values_mut() {
            if let (Some(host), None) = (&rule.host, &rule.held) {
                rule.held = Some(Held::open(host, rule.writable));
            }
        }
    }

    /// The open folders of this section.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Held> {
        self.dirs.values().filter_map(|rule| rule.held.as_ref())
    }

    /// The section's limit for a quota.
    pub(crate) fn quota(&self, name: &str) -> Option<u64> {
        self.quotas.get(name)?.value.as_u64()
    }

    /// The value of a name under a capability's key.
    pub(crate) fn key(&self, key: &str, name: &str) -> Option<&Value> {
        self.keys.get(key)?.value.get(name)
    }

    /// The names that the section grants under a capability's key.
    pub(crate) fn names(&self, key: &str) -> impl Iterator<Item = &String> {
        let said = self.keys.get(key).and_then(|said| said.value.as_object());
        said.into_iter().flat_map(|table| table.keys())
    }

    /// All names of the section under the keys of these capabilities.
    pub(super) fn granted_names(&self, offer: &Offer) -> Vec<GrantedName> {
        let mut granted = Vec::new();
        for (_, key) in offer.keys() {
            granted.extend(self.names(key.name).filter_map(|name| {
                Some(GrantedName {
                    key: key.name,
                    name: name.clone(),
                    value: self.key(key.name, name)?.clone(),
                    folder: self.folder.clone(),
                })
            }));
        }
        granted
    }

    /// Whether it grants nothing.
    pub fn is_empty(&self) -> bool {
        let Section {
            tier,
            interfaces,
            dirs,
            env,
            args,
            stdin,
            quotas,
            signed_by,
            keys,
            folder: _,
        } = self;
        let has_names = [interfaces, quotas, keys]
            .map(BTreeMap::len)
            .iter()
            .sum::<usize>()
            + dirs.len()
            + env.len()
            > 0;
        !has_names && !stdin && tier.is_none() && args.is_none() && signed_by.is_none()
    }
}

/// Adds what is not there.
fn add<T>(to: &mut BTreeMap<String, T>, from: BTreeMap<String, T>) {
    for (name, value) in from {
        to.entry(name).or_insert(value);
    }
}
