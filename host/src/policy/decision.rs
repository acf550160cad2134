//! Compares what a micro-app asks for with what it is granted, before it starts.
//!
//! There are two sources of grants: the policy, and the run itself, which grants whatever it brings. For a limit (the
//! tier, a quota) the most particular section counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use fractalaw_manifest::Tier;
use fractalaw_report::{
    AppliedLimits, By, Decision, Granted, Item, Missing, QuotaLimit, QuotaLimits,
};

use super::asking::{Asking, item};
use super::rules::Policy;
use super::section::{Args, Section};
use crate::inputs::{DirGrant, Grants};
use crate::offer::folder::{Held, Overlap, overlap};
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;
use crate::offer::table::GrantKey;

/// What a run brings.
pub(crate) struct Brought<'a> {
    pub(crate) grants: &'a Arc<Grants>,
    /// The folders of the grants, open.
    pub(crate) folders: &'a [Held],
    /// Lines of policy.
    pub(crate) section: &'a Section,
    /// The limits that the run asks for, with the host's own quotas.
    pub(crate) limits: AppliedLimits,
}

/// What a run gets, and why.
pub(crate) struct Decided {
    pub(crate) grants: Arc<Grants>,
    /// The folders of the grants, each as it was opened.
    pub(crate) folders: Vec<Held>,
    /// The names that are granted under the keys of capabilities.
    pub(crate) names: Vec<GrantedName>,
    /// A folder that the run brings and that overlaps with another one.
    pub(crate) overlap: Option<Overlap>,
    pub(crate) limits: AppliedLimits,
    pub(crate) decision: Decision,
    /// What the micro-app asks for and is not granted. If there is anything, the run does not start.
    pub(crate) missing: Vec<Missing>,
}

/// Decides what a run is granted. Without a policy and without requests this costs nothing.
pub(crate) fn decide(
    asking: Asking<'_>,
    brought: Brought<'_>,
    policy: Option<&Policy>,
    offer: &Offer,
) -> Decided {
    let Brought {
        grants,
        folders,
        section,
        mut limits,
    } = brought;
    let mut sections = Vec::new();
    if !section.is_empty() {
        sections.push(("command line".to_owned(), section));
    }
    if let Some(policy) = policy {
        sections.extend(policy.sections(asking.app));
    }
    let mut decider = Decider {
        asking,
        sections: &sections,
        grants: Arc::clone(grants),
        brought: grants,
        folders: folders.to_vec(),
        names: Vec::new(),
        decision: Decision::default(),
        missing: Vec::new(),
    };
    decider.tier(limits.tier, policy.is_some());
    decider.interfaces();
    decider.args();
    decider.env();
    decider.stdin();
    decider.dirs();
    decider.keys(offer);
    decider.quotas(&mut limits.quotas);
    let new: Vec<_> = folders.iter().chain(section.folders()).collect();
    let others = match policy {
        Some(policy) if !new.is_empty() => policy.folders(),
        _ => Vec::new(),
    };
    let Decider {
        grants,
        mut decision,
        missing,
        folders,
        names,
        ..
    } = decider;
    decision.policy = policy.map(|policy| policy.id().clone());
    decision.sections = sections.iter().map(|(name, _)| name.clone()).collect();
    Decided {
        grants,
        folders,
        names,
        overlap: overlap(&new, &others),
        limits,
        decision,
        missing,
    }
}

/// The decision so far.
struct Decider<'s> {
    asking: Asking<'s>,
    /// The most specific section first.
    sections: &'s [(String, &'s Section)],
    brought: &'s Grants,
    /// What the run brings and what the policy adds.
    grants: Arc<Grants>,
    folders: Vec<Held>,
    names: Vec<GrantedName>,
    decision: Decision,
    missing: Vec<Missing>,
}

impl<'s> Decider<'s> {
    /// The answer of the most particular section that has one.
    fn first<T>(&self, of: impl Fn(&Section) -> Option<T>) -> Option<T> {
        self.sections.iter().find_map(|(_, section)| of(section))
    }

    /// All names in the sections, each once, and whether the first section that has the name is particular. The section
    /// `all` is not: a micro-app need not ask for what everybody is granted, so that is no news for a report.
    fn names<I>(&self, of: impl Fn(&'s Section) -> I) -> Vec<(&'s String, bool)>
    where
        I: Iterator<Item = &'s String>,
    {
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        for (section, says) in self.sections {
            let new = of(says).filter(|name| seen.insert(*name));
            names.extend(new.map(|name| (name, section != "all")));
        }
        names
    }

    fn grant(&mut self, item: Item, by: By, is_asked: bool, particular: bool) {
        if !is_asked && particular {
            self.decision.not_asked.push(item.clone());
        }
        self.decision.granted.push(Granted { item, by });
    }

    fn miss(&mut self, item: Item, instead: Option<String>) {
        self.missing.push(Missing {
            item,
            instead,
            grantable: true,
        });
    }

    /// Without a policy, an app may have any tier. With a policy, an app that no section gives a tier gets at most
    /// `standard`.
    fn tier(&mut self, wanted: Tier, has_policy: bool) {
        let unsaid = if has_policy {
            Tier::default()
        } else {
            Tier::Heavy
        };
        let highest = self.first(|section| section.tier).unwrap_or(unsaid);
        if wanted > highest {
            let instead = format!("the highest granted is `{highest}`");
            self.miss(Item::Tier(wanted), Some(instead));
        }
    }

    fn interfaces(&mut self) {
        let interfaces = self.asking.interfaces;
        let granted = self.names(|section| section.interfaces.keys());
        for name in interfaces {
            if !granted.iter().any(|(granted, _)| *granted == name) {
                self.miss(Item::Interface(name.clone()), None);
            }
        }
        for (name, particular) in granted {
            let is_asked = interfaces.contains(name);
            let item = Item::Interface(name.clone());
            self.grant(item, By::Policy, is_asked, particular);
        }
    }

    fn args(&mut self) {
        let asked = self.asking.manifest.args;
        if !self.brought.args.is_empty() {
            return self.grant(Item::Args, By::Run, asked, true);
        }
        match self.first(|section| section.args.clone()) {
            Some(args) => {
                if let Args::These(args) = args {
                    Arc::make_mut(&mut self.grants).args = args;
                }
                self.grant(Item::Args, By::Policy, asked, true);
            }
            None if asked => self.miss(Item::Args, None),
            None => {}
        }
    }

    fn env(&mut self) {
        let asked = &self.asking.manifest.env;
        let given = &self.brought.env;
        let brought: BTreeSet<&String> = given.iter().map(|(name, _)| name).collect();
        let granted = self.names(|section| section.env.keys());
        for name in asked {
            let is_granted = granted.iter().any(|(granted, _)| *granted == name);
            if !is_granted && !brought.contains(name) {
                self.miss(Item::Env(name.clone()), None);
            }
        }
        for (name, _) in given {
            self.grant(Item::Env(name.clone()), By::Run, asked.contains(name), true);
        }
        for (name, particular) in granted {
            if brought.contains(name) {
                continue;
            }
            if let Some(Some(value)) = self.first(|section| section.env.get(name).cloned()) {
                Arc::make_mut(&mut self.grants)
                    .env
                    .push((name.clone(), value));
            }
            let item = Item::Env(name.clone());
            self.grant(item, By::Policy, asked.contains(name), particular);
        }
    }

    fn stdin(&mut self) {
        let asked = self.asking.manifest.stdin;
        if self.brought.stdin.is_some() {
            return self.grant(Item::Stdin, By::Run, asked, true);
        }
        match self.first(|section| section.stdin.then_some(())) {
            Some(()) => self.grant(Item::Stdin, By::Policy, asked, true),
            None if asked => self.miss(Item::Stdin, None),
            None => {}
        }
    }

    fn dirs(&mut self) {
        let asked = &self.asking.manifest.dirs;
        let is_asked = |guest: &str| asked.iter().any(|dir| dir.guest == guest);
        let brought = &self.brought.dirs;
        for dir in brought {
            let (guest, writable) = (dir.guest.clone(), dir.writable);
            let is_asked = is_asked(&guest);
            self.grant(Item::Dir { guest, writable }, By::Run, is_asked, true);
        }
        let paths: BTreeSet<&String> = brought.iter().map(|dir| &dir.guest).collect();
        for (guest, particular) in self.names(|section| section.dirs.keys()) {
            let Some(rule) = self.first(|section| section.dirs.get(guest).cloned()) else {
                continue;
            };
            if paths.contains(guest) {
                continue;
            }
            let (guest, writable) = (guest.clone(), rule.writable);
            if let (Some(host), Some(held)) = (rule.host, rule.held) {
                self.folders.push(held);
                Arc::make_mut(&mut self.grants).dirs.push(DirGrant {
                    host,
                    guest: guest.clone(),
                    writable,
                });
            }
            let is_asked = is_asked(&guest);
            self.grant(
                Item::Dir { guest, writable },
                By::Policy,
                is_asked,
                particular,
            );
        }
        for ask in asked {
            let found = self
                .decision
                .granted
                .iter()
                .find_map(|granted| match &granted.item {
                    Item::Dir { guest, writable } if *guest == ask.guest => Some(*writable),
                    _ => None,
                });
            let enough = found.is_some_and(|writable| writable || !ask.writable);
            if !enough {
                let instead = found.map(|_| "granted is reading only".to_owned());
                let (guest, writable) = (ask.guest.clone(), ask.writable);
                self.miss(Item::Dir { guest, writable }, instead);
            }
        }
    }

    /// Decides about the names under the keys of capabilities.
    fn keys(&mut self, offer: &Offer) {
        for (table, key) in offer.keys() {
            let mut granted = self.names(|section| section.names(key.name));
            granted.retain(|(name, _)| !self.is_replaced(key, name));
            let asked = key.asked(self.asking.manifest, self.asking.interfaces);
            for name in &asked {
                if !granted.iter().any(|(granted, _)| key.serves(granted, name)) {
                    self.miss(item(table, key, name), None);
                }
            }
            for (name, particular) in granted {
                let is_asked = asked.iter().any(|asked| key.serves(name, asked));
                let item = item(table, key, name);
                self.grant(item, By::Policy, is_asked, particular);
                let said = self.first(|section| {
                    let value = section.key(key.name, name)?.clone();
                    Some((value, section.folder.clone()))
                });
                self.names.extend(said.map(|(value, folder)| GrantedName {
                    key: key.name,
                    name: name.clone(),
                    value,
                    folder,
                }));
            }
        }
    }

    /// Whether a more specific section has a name that replaces this one, or that this one replaces.
    fn is_replaced(&self, key: &GrantKey, name: &str) -> bool {
        let place = |name: &str| {
            let mut sections = self.sections.iter();
            sections.position(|(_, section)| section.names(key.name).any(|known| known == name))
        };
        let mut others = key
            .replaced_by
            .iter()
            .filter_map(|(one, other)| match name {
                name if name == *one => Some(*other),
                name if name == *other => Some(*one),
                _ => None,
            });
        others.any(|other| place(other).is_some_and(|other| Some(other) < place(name)))
    }

    fn quotas(&mut self, limits: &mut QuotaLimits) {
        let manifest = self.asking.manifest;
        if manifest.quotas.is_empty() && self.sections.is_empty() {
            return;
        }
        for QuotaLimit { quota, most, .. } in limits.clone().iter() {
            let lowered = self.first(|section| section.quota(&quota.name));
            if let Some(lowered) = lowered {
                limits.lower(&quota.name, lowered);
            }
            let limit = lowered.unwrap_or(*most);
            let needed = manifest.quotas.of(&quota.name);
            let Some(needed) = needed.filter(|needed| *needed > limit) else {
                continue;
            };
            let grantable = needed <= *most;
            let instead = match grantable {
                true => format!("granted are {limit}"),
                false => format!("this host's most is {most}"),
            };
            self.missing.push(Missing {
                item: Item::Quota(quota.clone(), needed),
                instead: Some(instead),
                grantable,
            });
        }
    }
}
