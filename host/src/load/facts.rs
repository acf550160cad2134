//! What is kept of a component besides its code. It is valid for every host: what a host grants or offers is
//! judged again whenever the code is taken from the cache.

use std::collections::BTreeSet;

use fractalaw_manifest::Manifest;
use serde::{Deserialize, Serialize};

use crate::offer::offered::Offer;

/// The number of offers that an entry remembers. Hosts that share a cache are of a few kinds.
const JUDGED_BY: usize = 8;

/// The names of a component's imports.
#[derive(Debug)]
pub(crate) struct Imports {
    pub(crate) all: BTreeSet<String>,
    /// Those that have only types.
    pub(crate) only_types: BTreeSet<String>,
}

/// What a component says of itself, and what it asks of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub(crate) digest: String,
    /// From the manifest section; the default for components that carry none.
    pub(crate) manifest: Manifest,
    /// From the component's name section.
    pub(crate) name: Option<String>,
    /// From the standard `version` section.
    pub(crate) version: Option<String>,
    /// The names of all its imports, as the component has them.
    pub(crate) imports: BTreeSet<String>,
    /// Those of them that have only types. Nothing can be called there, so no grant is needed.
    pub(crate) only_types: BTreeSet<String>,
    /// Whether it is composed of parts that may hand data to each other.
    pub(crate) is_composed: bool,
    /// The digests of the offers by which it was judged and accepted, the latest last.
    pub(crate) judged_by: Vec<String>,
}

impl Facts {
    /// The facts of a component that was accepted.
    pub(crate) fn accepted(self, imports: Imports, offer: &Offer) -> Facts {
        Facts {
            imports: imports.all,
            only_types: imports.only_types,
            judged_by: vec![offer.digest().to_owned()],
            ..self
        }
    }

    /// The facts as they were kept before, with what was learned since.
    pub(crate) fn with_judges_of(mut self, before: &Facts) -> Facts {
        let own = std::mem::take(&mut self.judged_by);
        let others = before.judged_by.iter().filter(|judge| !own.contains(judge));
        self.judged_by = others.cloned().collect();
        self.judged_by.extend(own);
        let surplus = self.judged_by.len().saturating_sub(JUDGED_BY);
        self.judged_by.drain(..surplus);
        self
    }

    /// Whether it was accepted by exactly this offer. A host with another offer judges the component itself.
    pub(crate) fn is_accepted_by(&self, offer: &Offer) -> bool {
        self.judged_by.iter().any(|judge| judge == offer.digest())
            && self.imports.iter().all(|import| offer.has(import))
    }

    /// The grants that its imports need here.
    pub(crate) fn interfaces(&self, offer: &Offer) -> BTreeSet<String> {
        let grants = self
            .imports
            .difference(&self.only_types)
            .filter_map(|import| offer.needs_grant(import));
        grants.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_remembers_the_latest_of_those_who_judged_it() {
        let by = |names: &[&str]| Facts {
            judged_by: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Facts::default()
        };
        for (before, own, all) in [
            (&[][..], "a", &["a"][..]),
            (&["a", "b"], "a", &["b", "a"]),
            (
                &["1", "2", "3", "4", "5", "6", "7", "8"],
                "9",
                &["2", "3", "4", "5", "6", "7", "8", "9"],
            ),
        ] {
            assert_eq!(by(&[own]).with_judges_of(&by(before)), by(all));
        }
    }
}
